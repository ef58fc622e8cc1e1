#!/usr/bin/env bash
# Answers a rollout that waits for a person: lets the held step go on, or takes the rollout back.
#
#   answer.sh STACK approve|abort NAME REASON [FOLDER]
#
# FOLDER: as for rollout.sh. After an approval the rollout is taken up here, if no driver is alive to hear it.
set -uo pipefail

usage="usage: answer.sh STACK approve|abort NAME REASON [FOLDER]"
stack=${1:?$usage}
answer=${2:?$usage}
name=${3:?$usage}
reason=${4:?$usage}
folder=${5:-rollout-log}
here=$(cd "$(dirname "$0")" && pwd)
export PATH="$PWD/node_modules/.bin:$PATH"

case $answer in
  abort) exec rollouts abort --stack "$stack" --by "$name" --reason "$reason" ;;
  approve)
    rollouts approve --stack "$stack" --by "$name" --reason "$reason" || exit $?
    "$here/rollout.sh" "$stack" "$folder"
    code=$?
    # 24: the driver that was alive goes on by itself.
    [ "$code" = 24 ] && exit 0
    exit "$code"
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
