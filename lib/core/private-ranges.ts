/** Addresses that are nobody's on the internet; https://www.iana.org/assignments/iana-ipv4-special-registry/ */
export const privateRanges = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];
