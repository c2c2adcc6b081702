# Waits for the test process to end, however it ends, and then ends what that process left behind.
# Orders come as lines on standard input; end of input means that the process is gone:
#   stop ID SIGNAL PID   send SIGNAL to PID, and KILL to its process group when it stays
#   remove ID PATH       delete a directory
#   drop ID              forget an order
trap '' HUP INT TERM
declare -A orders
ids=()
while IFS=' ' read -r verb id rest; do
  case $verb in
  stop | remove) orders[$id]="$verb $rest"; ids+=("$id") ;;
  drop) unset "orders[$id]" ;;
  esac
done

stop() { # signal, pid
  kill "-$1" "$2" 2>/dev/null
  for _ in {1..40}; do
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$2" 2>/dev/null
}

for ((i = ${#ids[@]} - 1; i >= 0; i--)); do
  IFS=' ' read -r verb rest <<<"${orders[${ids[i]}]-}"
  [ "$verb" = stop ] && stop ${rest%% *} "${rest#* }"
done
for id in "${ids[@]}"; do
  IFS=' ' read -r verb rest <<<"${orders[$id]-}"
  [ "$verb" = remove ] && rm -rf -- "$rest"
done
exit 0
