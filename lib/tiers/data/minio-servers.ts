import type { StatefulSetProps } from '../../core/controllers';
import { exec, http } from '../../core/probe';

/** What differs where several servers are one store. @param hosts of all of them */
export function severalServers(hosts: readonly string[]) {
  const script = (body: string) => ['bash', '-c', `${questions(hosts)}${body}`];
  return {
    replicas: hosts.length,
    maxUnavailable: dispensable(hosts.length),
    parallel: true,
    peers: { ports: ['s3'], why: 'parts of objects, locks' },
    probes: {
      ready: exec(...script(readyScript)),
      live: http('/minio/health/live', 's3'),
      // The first start waits for the others.
      startupSeconds: 300,
    },
    preStop: script(untilSpared),
    terminationGraceSeconds: 75,
  } satisfies Partial<StatefulSetProps>;
}

/**
 * Options by which a server learns soon that another one is gone, and where it is again. What is sent to its old address is
 * dropped by many a NetworkPolicy, and only this error of the network, not the time-out of a read (10 seconds for each),
 * tells MinIO to go on without its drive. Unlike variables, options may differ between servers.
 */
export const goneServers = ['--conn-user-timeout=5s', '--dns-cache-ttl=3s'];

/** Without how many of that many drives writes go on: where parts make up for half of them, a write wants one more. */
const dispensable = (drives: number) => parity(drives) - (parity(drives) * 2 === drives ? 1 : 0);

/** How many of that many drives hold what makes up for lost ones, as MinIO chooses. */
export const parity = (drives: number) => (drives === 1 ? 0 : drives < 6 ? 2 : drives < 8 ? 3 : 4);

/**
 * In bash: what servers say of their health. Nothing is left running, since MinIO, the first process of its container,
 * collects no children. https://min.io/docs/minio/linux/operations/monitoring/healthcheck-probe.html
 */
const questions = (hosts: readonly string[]) => `answer() {
  text=
  exec 3<>"/dev/tcp/$1/9000" || return
  printf 'GET /minio/health/%s HTTP/1.1\\r\\nHost: minio\\r\\nConnection: close\\r\\n\\r\\n' "$2" >&3
  IFS= read -r -d '' -t 4 text <&3
  exec 3>&-
}
good() { answer "$1" "$2"; [[ $text == 'HTTP/1.1 200 '* ]]; }
alive() { good "$1" live; }
# It has not found enough servers of its own version and settings yet.
waiting() { answer "$1" live; [[ $text == *'X-Minio-Server-Status: offline'* ]]; }
export -f answer good alive waiting
# Whether that is true of another server; none that is gone holds it up.
another() {
  for host in ${hosts.join(' ')}; do
    if [[ $host != "$HOSTNAME".* ]]; then timeout 3 bash -c "$1 $host" & fi
  done
  while true; do
    wait -n
    case $? in
      0) kill $(jobs -p) 2> /dev/null; wait; return 0 ;;
      127) return 1 ;;
    esac
  done
}
`;

/**
 * A server is ready when it knows enough drives to read; /minio/health/ready says yes before that. And when it waits:
 * it only joins servers of its own version and settings, which come when the next pods are replaced, and these are
 * replaced when it is ready. https://min.io/docs/minio/linux/operations/install-deploy-manage/upgrade-minio-deployment.html
 */
const readyScript = `good 127.0.0.1 cluster/read && exit
waiting 127.0.0.1 || exit
read -r up _ < /proc/uptime
read -r -a process < /proc/1/stat
[ $((\${up%.*} - process[21] / 100)) -ge 20 ] && another alive
`;

/**
 * Waits until the others can write without this server, half a minute at most, then until the Service leads nobody to it
 * any more. In a rolling restart the one before it is ready when it knows the others, which is before they know it.
 * Where nobody can write anyway, or one waits for servers of its own version, it helps by going.
 */
const untilSpared = `end=$((SECONDS + 30))
until good 127.0.0.1 'cluster?maintenance=true' || ! good 127.0.0.1 cluster || another waiting || [ "$SECONDS" -ge "$end" ]; do
  sleep 1
done
sleep 5
`;

/**
 * Heals all objects, and fails where one is not whole afterwards, as while a server is out. One that has just come back is
 * not seen by all others at once, and any of them may be the one that heals: for three minutes it is tried again.
 * A line for each object says what it was and is: `[Yellow ->  Green] bucket/name`.
 */
export const healScript = `heal() {
  mc admin heal --recursive --quiet store | {
    ended='' broken=0
    while IFS= read -r line; do
      case $line in
        '['*'Green] '* | '') ;;
        Healed:*) ended=$line ;;
        *)
          broken=$((broken + 1))
          if [ "$broken" -le 20 ]; then echo "$line"; fi
          ;;
      esac
    done
    echo "$ended; $broken are not whole"
    [ -n "$ended" ] && [ "$broken" = 0 ]
  }
}
start=$(date +%s)
until heal; do
  [ "$(($(date +%s) - start))" -lt 180 ] || exit 1
  sleep 10
done
`;
