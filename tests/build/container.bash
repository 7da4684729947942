# Sourced by tests that need a real systemd: a container boots on a throw-away copy of this machine's own files.
# After copy_machine, $root is that copy, to be changed at will. boot takes a script on its standard input and runs it in there, with the
# tools of $root/drill/tools: every check of it is a line "yes: WHAT" or "NO: WHAT".

skip() {
  echo "SKIPPED: $1"
  exit 0
}

copy_machine() {
  command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is not installed"
  [[ $EUID == 0 ]] || skip "only root may mount and boot"
  work=$(mktemp -d)
  trap 'umount "$work/root" 2>/dev/null; umount "$work" 2>/dev/null; rmdir "$work"' EXIT
  mount -t tmpfs -o size=1g tmpfs "$work" 2>/dev/null || skip "mounting is not allowed here"
  mkdir "$work/changes" "$work/scratch" "$work/root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$work/changes,workdir=$work/scratch" "$work/root" 2>/dev/null ||
    skip "overlays are not allowed here"
  root=$work/root
  rm -f "$root"/etc/systemd/system/multi-user.target.wants/*
  # What an earlier installation of this machine may have left.
  rm -rf "$root/etc/hedgewatch" "$root/var/lib/hedgewatch" "$root/var/lib/private/hedgewatch"
  mkdir -p "$root/drill"
  cat >"$root/drill/hedgewatch.toml" <<'TOML'
[[venue]]
kind = "deribit"
endpoint = "wss://localhost:8443/ws/api/v2"
network = "testnet"
ca_file = "/etc/hedgewatch/ca.pem"
currencies = ["BTC", "ETH"]

[[account]]
name = "main"
venue = "deribit"
client_id = "simulated"
secret_credential = "deribit_api_key"

[journal]
directory = "/var/lib/hedgewatch/journal"

[[book]]
name = "main"
rules = [{ accounts = ["main"], underlyings = ["BTC"] }]
TOML
  cat >"$root/drill/tools" <<'TOOLS'
exec >/drill/out 2>&1
config=/etc/hedgewatch/hedgewatch.toml
# The first check that does not hold ends the drill: what follows builds on it.
told() {
  [[ $1 == yes ]] && echo "yes: $2" && return
  echo "NO: $2"
  journalctl -u hedgewatch --no-pager -o cat | tail -40
  systemctl exit 1
  sleep infinity
}
is() { # WHAT COMMAND...
  if "${@:2}" >/dev/null 2>&1; then told yes "$1"; else told no "$1"; fi
}
wait_for() { # WHAT COMMAND... : within 30 s
  local deadline=$((SECONDS + 30))
  until "${@:2}" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || told no "$1"
    sleep 0.1
  done
  told yes "$1"
}
not() { ! "$@"; }
scraped() { curl -fsS 127.0.0.1:9464/metrics | grep -qE "$1"; }
shown() { [[ $(systemctl show hedgewatch -p "$1" --value) =~ $2 ]]; }
has_files() { [[ -n $(ls "$1") ]]; }
main_process() { systemctl show hedgewatch -p MainPID --value; }
ready() { # [PROCESS] : the service is ready, and as another process than this one
  # The process first: what is asked after it is of that one or of a later one, while 0 is between two.
  local process
  process=$(main_process)
  [[ $process != 0 && $process != "${1:-0}" ]] && shown ActiveState '^active$' && shown StatusText '^ready, 2 feeds live$'
}
exchange() { # starts a simulated one; its certificate goes to where the configuration looks for it
  "$1" simulate --port 8443 --ca-out /etc/hedgewatch/ca.pem >/drill/exchange.json 2>&1 &
  wait_for "the exchange listens" test -s /drill/exchange.json
  chmod 644 /etc/hedgewatch/ca.pem
}
TOOLS
}

boot() { # fails unless the script came to its end
  { cat "$root/drill/tools" -; printf 'echo done\nsystemctl exit 0\n'; } >"$root/drill/script"
  cat >"$root/etc/systemd/system/drill.service" <<'UNIT'
[Service]
ExecStart=/bin/bash /drill/script
UNIT
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -s ../drill.service "$root/etc/systemd/system/multi-user.target.wants/drill.service"
  timeout -k 5 240 systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network \
    >"$work/console" 2>&1 </dev/null || true
  [[ -s $root/drill/out ]] || { tail -3 "$work/console"; skip "a container does not boot here"; }
  cat "$root/drill/out"
  [[ $(tail -1 "$root/drill/out") == done ]] || { echo "the drill did not come to its end"; exit 1; }
}
