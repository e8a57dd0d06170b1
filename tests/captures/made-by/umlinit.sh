#!/bin/bash
# PID 1 of the user-mode-linux guest (see umlpeer.py): a shell reading commands from stdin.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
stty -echo -onlcr 2>/dev/null
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /run
K=/usr/lib/uml/modules/$(uname -r)
declare -A DEP PATHOF DONE
load_deps() {
  local l n
  while IFS= read -r l; do n=${l%%:*}; n=${n##*/}; n=${n%.ko}; PATHOF[${n//-/_}]=${l%%:*}; DEP[${n//-/_}]=${l#*:}; done < $K/modules.dep
}
one() { [ -n "${DONE[$1]}" ] || { DONE[$1]=1; insmod $K/$1 2>/dev/null; }; }
mp() { # mp MODULE...: insert with dependencies
  [ ${#DEP[@]} -gt 0 ] || load_deps
  local m f r
  for m in "$@"; do
    m=${m//-/_}; r=""; for f in ${DEP[$m]}; do r="$f $r"; done
    for f in $r ${PATHOF[$m]}; do one $f; done
    [ -d /sys/module/$m ] || { echo "no module $m"; return 1; }
  done
}
poweroff_now() { echo o > /proc/sysrq-trigger; sleep 5; }
sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1
ip link set lo up
echo READY
while read -r line; do eval "$line" </dev/null 2>&1; done
poweroff_now
