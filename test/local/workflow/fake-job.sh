#!/bin/sh
# Stands in for spark-submit in tests: says what a job says, then does what its first argument asks for.
echo '{"event":"started","job":"fake"}'
echo 'a line that is no JSON'
case "$1" in
  succeed) echo '{"event":"result","job":"fake","rows":3}' ;;
  fail) echo '{"event":"failed","job":"fake","code":"BAD_ROW","message":"row 7"}'; echo 'stack' >&2; exit 1 ;;
  crash) echo 'out of memory' >&2; exit 3 ;;
  fail-once) if [ -e seen ]; then exit 0; fi; touch seen; exit 1 ;;
  stream) trap 'exit 143' TERM; while :; do sleep 0.1; done ;;
  stubborn) trap '' TERM; sleep 60 & echo $! > child.pid; while :; do sleep 0.1; done ;;
esac
