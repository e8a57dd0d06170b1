#!/bin/bash
# The first process of the user-mode Linux that uml.py starts: a shell that obeys its standard input.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
stty -echo -onlcr 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /run
mount -t tmpfs tmp /tmp

# load MODULE...: into the kernel, what they depend on first. The file system is the host's, where depmod has run for
# another kernel, so modprobe would not find them.
modules=/usr/lib/uml/modules/$(uname -r)
declare -A file needs loaded
load() {
    local line name module path
    if [ ${#needs[@]} -eq 0 ]; then
        while IFS= read -r line; do
            name=${line%%:*}
            name=${name##*/}
            name=${name%.ko}
            file[${name//-/_}]=${line%%:*}
            needs[${name//-/_}]=${line#*:}
        done <"$modules/modules.dep"
    fi
    for module in "$@"; do
        local first=()
        for path in ${needs[$module]}; do first=("$path" "${first[@]}"); done
        for path in "${first[@]}" ${file[$module]}; do
            [ -n "${loaded[$path]}" ] || insmod "$modules/$path" 2>/dev/null
            loaded[$path]=1
        done
        [ -d "/sys/module/$module" ] || { echo "no module $module"; return 1; }
    done
}

ip link set lo up
echo READY
while read -r line; do eval "$line" </dev/null 2>&1; done
