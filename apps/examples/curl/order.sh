#!/usr/bin/env bash
# Orders a video, waits until it has ended and downloads it, with bash and curl alone.
#
#   order.sh <key> <prompt> <file>
#
# The key is your own name for the order: run again with it, the script goes on with the same video and pays nothing twice.
# RUSHES_URL says where the api is, RUSHES_API_KEY is your key where it wants one. Ends with 0 when the file is there, with
# 1 when the video failed, and with curl's own code when the api refused or could not be reached.
set -euo pipefail

key=${1:?"the first argument is a key: your own name for the order"}
prompt=${2:?"the second argument is the prompt"}
file=${3:?"the third argument is the file to write"}
url=${RUSHES_URL:-http://127.0.0.1:8080}

ask() {
  local auth=()
  if [[ -n ${RUSHES_API_KEY:-} ]]; then auth=(-H "authorization: Bearer $RUSHES_API_KEY"); fi
  # Repeated after 429, 5xx and lost connections: with its key an order is still ordered once.
  curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused --max-time 3600 \
    ${auth[@]+"${auth[@]}"} "$@"
}

# The answers are compact JSON with one field of such a name at their beginning.
field() {
  [[ $2 =~ \"$1\":\"([^\"]*)\" ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# As JSON wants it: backslashes, quotes and ends of lines.
escaped=${prompt//\\/\\\\}
escaped=${escaped//\"/\\\"}
escaped=${escaped//$'\n'/\\n}
escaped=${escaped//$'\t'/\\t}

order="{\"input\": {\"mode\": \"master-text-to-video\", \"prompt\": \"$escaped\", \"duration\": 5}}"
video=$(ask "$url/v1/videos" -H 'content-type: application/json' -H "idempotency-key: $key" -d "$order") || {
  code=$?
  printf '%s\n' "$video" >&2
  exit "$code"
}
id=$(field id "$video")
echo "Ordered $id"

# The stream of events ends with the video. Where it breaks, the video itself is looked at, and the stream opened again.
while :; do
  video=$(ask "$url/v1/videos/$id")
  case $(field status "$video") in
    completed) break ;;
    failed | cancelled)
      printf '%s\n' "$video" >&2
      exit 1
      ;;
  esac
  echo "It is $(field phase "$video")"
  ask --no-buffer --output /dev/null "$url/v1/videos/$id/events" || sleep 2
done

# The link is good for minutes and needs no key, so none is sent there.
link=$(ask --output /dev/null --write-out '%{redirect_url}' "$url/v1/videos/$id/content")
curl --silent --show-error --fail --output "$file" "$link"
echo "Stored $file"
