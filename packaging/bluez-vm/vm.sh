#!/usr/bin/env bash
# vm.sh COMMAND...: runs COMMAND as root in a virtual machine that has what this
# one may lack: the kernel's Bluetooth, bluetoothd, and virtual controllers that
# hear each other. It sees this machine's files; what it writes is gone with it.
# Everything is Debian’s own, kept in build/bluez-vm. LIMIT: seconds at most; ACCEL=kvm
# is faster where the machine has it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
state=$(cd "$here/../.." && pwd)/build/bluez-vm

prepare() {
	rm -rf "$state" && mkdir -p "$state/initrd"/{bin,modules,proc,sys,dev,host,change,root} && cd "$state"
	local kernel
	kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends:/ {print $2; exit}')
	[ -n "$kernel" ] || { echo "apt knows no linux-image-amd64: this needs Debian on x86-64" >&2; exit 1; }
	apt-get download -qq "$kernel" bluez-test-tools
	for package in *.deb; do dpkg -x "$package" . && rm "$package"; done
	depmod -b . "${kernel#linux-image-}"
	echo "${kernel#linux-image-}" >version
	cp /bin/busybox initrd/bin/
	cp "$here/init" initrd/
	local order=100 module
	for module in $(for m in virtio_pci 9pnet_virtio 9p overlay; do
		modprobe -S "$(cat version)" -d . --show-depends $m | awk '{print $2}'
	done | awk '!seen[$0]++'); do
		cp "$module" "initrd/modules/$((order++))-$(basename "$module")"
	done
	(cd initrd && find . | cpio -o -H newc 2>/dev/null | gzip >../initrd.gz)
	touch ready
}

[ -e "$state/ready" ] && [ "$state/ready" -nt "$here/init" ] || (prepare)

# One file tells the guest what to do: the command, where, and with which of
# this project's variables.
{
	printf 'cd %q\n' "$PWD"
	for name in "${!VITALIEN_@}"; do printf 'export %s=%q\n' "$name" "${!name}"; done
	printf 'exec'
	printf ' %q' "$@"
	echo
} >"$state/command"

said=$(mktemp)
trap 'rm -f "$said"' EXIT
timeout "${LIMIT:-900}" qemu-system-x86_64 -accel "${ACCEL:-tcg,thread=multi}" -cpu Nehalem -smp 2 -m 2048 \
	-nographic -no-reboot -nic none -kernel "$state/boot/vmlinuz-$(cat "$state/version")" -initrd "$state/initrd.gz" \
	-append "console=ttyS0 quiet panic=-1 cryptomgr.notests=1 guest=$here/guest.sh state=$state" \
	-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
	-device virtio-9p-pci,fsdev=host,mount_tag=host </dev/null 2>&1 |
	sed -u 's/\r//g' | tee "$said" | sed -u -n '/^bluez-vm: begins/,/^bluez-vm: status/p' || true
status=$(sed -n 's/^bluez-vm: status //p' "$said" | tail -1)
[ -n "$status" ] || { echo "the virtual machine did not finish:" >&2; tail -20 "$said" >&2; }
exit "${status:-125}"
