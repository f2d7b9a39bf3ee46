# guest.sh STATE: in the guest, starts what Bluetooth needs, and runs the command.
state=$1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec </dev/null
for module in ecb cmac ccm aes_generic algif_hash algif_skcipher bluetooth hci_vhci uhid; do
	modprobe -d "$state" "$module"
done
ip link set lo up
mkdir -p /dev/pts
mount -t devpts none /dev/pts
mkdir -p /run/dbus
dbus-daemon --system --fork
up() { for i in 0 1; do script -qec "btmgmt --index $i info" /dev/null </dev/null | grep -q "supported settings" || return; done; }
until up; do # the kernel gives up a controller that a busy machine lets wait
	[ -z "$btvirt" ] || kill "$btvirt"
	"$state/usr/bin/btvirt" -L -l2 >/run/btvirt.log 2>&1 &
	btvirt=$!
	for try in {1..50}; do up && break; sleep 0.1; done
done
printf '[GATT]\nChannels = 1\n' >/etc/bluetooth/main.conf # as devices have it: values keep their order
/usr/libexec/bluetooth/bluetoothd -n >/run/bluetoothd.log 2>&1 &
adapters() { dbus-send --system --print-reply --dest=org.bluez / org.freedesktop.DBus.ObjectManager.GetManagedObjects 2>/dev/null; }
until [ "$(adapters | grep -c 'string "org.bluez.GattManager1"')" = 2 ]; do sleep 0.1; done
for i in 0 1; do script -qec "btmgmt --index $i sc off" /dev/null; done
printf "\nbluez-vm: begins\n"
/bin/bash "$state/command" 2>&1
printf "\nbluez-vm: status %s\n" $?
sync
sleep 0.5 # the console is slow
echo o >/proc/sysrq-trigger
sleep 60
