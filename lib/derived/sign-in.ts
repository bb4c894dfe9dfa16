/** What each program asks of those who come to it through its routes or ports, beyond what the gateway asks. */
export const signIn: Readonly<Record<string, string>> = {
  traefik: 'its dashboard asks for nothing itself: its route decides',
  postgis: 'role and password (SCRAM-SHA-256) for each database; from outside over TLS, which ends at the gateway',
  minio: 'access key and secret key, for the console and the S3 API; each bucket has a pair of its own',
  mlflow: 'nothing itself: its route decides; it signs in to its database and its bucket with their credentials',
  homepage: 'nothing itself: its route decides',
  rustdesk: 'clients must hold the server’s public key; each controlled computer asks for its own password',
};
