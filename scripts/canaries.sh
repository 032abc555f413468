#!/bin/sh
# The last step of scripts/test.sh: no secret that a test has met stands in a log or in the metrics
# of any server of the run. Takes the folder that SAOMA_CANARIES named.
set -eu
folder=$1
cd "$folder"
export LC_ALL=C

# An empty line would be found everywhere.
sort -u ./*.secrets | grep -E '.{21}' >secrets
secrets=$(wc -l <secrets)
# A search for nothing, or in nothing, shows nothing.
if [ "$secrets" -lt 500 ]; then
    echo "Only $secrets secrets were met: the tests do not tell them any more." >&2
    exit 1
fi
for sign in 'attempt begun' 'signed in' 'saoma_requests_total'; do
    if ! cat ./*.log ./*.metrics | grep -c -F "$sign" >/dev/null; then
        echo "\"$sign\" stands nowhere: the logs are not kept any more." >&2
        exit 1
    fi
done
if cat ./*.log ./*.metrics | grep -F -f secrets >found; then
    echo "Secrets in the logs or metrics of this run:" >&2
    cut -c 1-300 found | head -n 20 >&2
    exit 1
fi
bytes=$(cat ./*.log ./*.metrics | wc -c)
echo "None of $secrets secrets stands in $((bytes / 1000000)) MB of logs and metrics."
