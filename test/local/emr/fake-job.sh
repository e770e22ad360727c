#!/bin/sh
# Stands in for spark-submit in tests: says what a job says, then does what its first argument asks for.
echo '{"event":"started","job":"fake"}'
echo 'a line that is no JSON'
# How long it takes to finish what it does.
seconds=${2:-0.5}
case "$1" in
  succeed) echo '{"event":"result","job":"fake","rows":3}' ;;
  fail) echo '{"event":"failed","job":"fake","code":"BAD_ROW","message":"row 7"}'; echo 'stack' >&2; exit 1 ;;
  crash) echo 'out of memory' >&2; exit 3 ;;
  fail-once) if [ -e seen ]; then exit 0; fi; touch seen; exit 1 ;;
  stream) trap 'exit 143' TERM; while :; do sleep 0.1; done ;;
  fail-at-end) trap 'exit 1' TERM; while :; do sleep 0.1; done ;;
  finish) trap 'sleep "$seconds"; echo "{\"event\":\"progress\",\"batch\":7}"; exit 143' TERM; while :; do sleep 0.1; done ;;
  fail-later) sleep 0.5; echo '{"event":"failed","job":"fake","code":"STREAM_FAILED","message":"no topic"}'; exit 1 ;;
  stubborn) trap '' TERM; sleep 60 & echo $! > child.pid; while :; do sleep 0.1; done ;;
esac
