/** Certificates of authorities that nobody has the keys of; valid for a hundred years. */
export const authorities = [
  `-----BEGIN CERTIFICATE-----
MIIBpTCCAUugAwIBAgIUY70MpSKxp+o6obI3+cSeVs5/2I8wCgYIKoZIzj0EAwIw
JzElMCMGA1UEAwwcRmlyc3QgYXV0aG9yaXR5IG9mIHRoZSB0ZXN0czAgFw0yNjEx
MjkyMjUyNDlaGA8yMTI2MTEwNTIyNTI0OVowJzElMCMGA1UEAwwcRmlyc3QgYXV0
aG9yaXR5IG9mIHRoZSB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBtp
n2nYZxUxdB4RrsvFuMhQtSTA9dz0lSUCUkneqKwQAVrHCXFtjj47YWJLrmA3pMct
zVf3cXk72hShmefaww+jUzBRMB0GA1UdDgQWBBRY2LYPtuBm77YVsIxvev9C6nrd
XDAfBgNVHSMEGDAWgBRY2LYPtuBm77YVsIxvev9C6nrdXDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCICEpyrFrFTO6IknM/hksRAsrlZbGZiFWdUAc
XQZjC5oEAiEAiKpmPQ3P+po5Ttrrr9Ny4oG2kAj9TVh8I8TpA29g/cU=
-----END CERTIFICATE-----
`,
  `-----BEGIN CERTIFICATE-----
MIIBpzCCAU2gAwIBAgIULDN+f6udGxAdV0CqJxVvGVmlQTMwCgYIKoZIzj0EAwIw
KDEmMCQGA1UEAwwdU2Vjb25kIGF1dGhvcml0eSBvZiB0aGUgdGVzdHMwIBcNMjYx
MTI5MjI1MjQ5WhgPMjEyNjExMDUyMjUyNDlaMCgxJjAkBgNVBAMMHVNlY29uZCBh
dXRob3JpdHkgb2YgdGhlIHRlc3RzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
5orB1Qox435L56TOzf9GzuMdYB7ZsJNjN0So7S/yqIhdpJf1DKn6cn2BKSX5Rlx/
QH4zYyRd1QlJqyiU8Dr4m6NTMFEwHQYDVR0OBBYEFLg8DnfoROmnABbhrSbQouXV
EoV6MB8GA1UdIwQYMBaAFLg8DnfoROmnABbhrSbQouXVEoV6MA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhANeZfMUOsHGBx6kM1oA+AnLmDr2v6EZh
KjRtuEl5Okq0AiBTc+T7wkdNneta5HXgBNo+VDyavfDtMlHOIS8q2gbTmw==
-----END CERTIFICATE-----
`,
] as const;

/** A text as it stands below a key with `|` in a platform file. @param indent spaces before each of its lines */
export const below = (text: string, indent: number): string => text.trimEnd().replaceAll(/^/gm, ' '.repeat(indent));
