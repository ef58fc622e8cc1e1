#!/usr/bin/env bash
# Runs a stack's rollout and keeps what it says. Running it again goes on where a dead agent stopped.
#
#   rollout.sh STACK [FOLDER]
#
# FOLDER (default: rollout-log) gets outcome.json and, once there is one, journal.jsonl. Ends with the exit code of
# `rollouts run`: docs/exit-codes.md.
set -uo pipefail

stack=${1:?usage: rollout.sh STACK [FOLDER]}
folder=${2:-rollout-log}
mkdir -p "$folder"
export PATH="$PWD/node_modules/.bin:$PATH"

rollouts run --stack "$stack" --json >"$folder/outcome.json" &
driver=$!
# A cancelled job stops this script, not its children: hand the signal on, and let the driver write its last entry.
trap 'kill -TERM "$driver" 2>/dev/null' INT TERM
wait "$driver"
code=$?
while kill -0 "$driver" 2>/dev/null; do
  wait "$driver"
  code=$?
done

journal=$(node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).data?.journal ?? ""' <"$folder/outcome.json" 2>/dev/null)
if [ -n "$journal" ] && [ -f "$journal" ]; then cp "$journal" "$folder/journal.jsonl"; fi
cat "$folder/outcome.json"

case $code in
  0) echo "promoted, or nothing to do" >&2 ;;
  8) echo "stopped; run this job again to go on, or answer.sh $stack abort NAME REASON" >&2 ;;
  20) echo "reverted: the stack is as it was before" >&2 ;;
  21) echo "THE REVERT DID NOT VERIFY: look at the stack and the route now" >&2 ;;
  22) echo "held: answer.sh $stack approve|abort NAME REASON" >&2 ;;
  23) echo "blocked: nothing was touched" >&2 ;;
  24) echo "another driver has this rollout" >&2 ;;
  *) echo "rollouts run ended with $code" >&2 ;;
esac
exit "$code"
