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

# As systemd does on Debian, where bluetooth.service has no Restart=: whoever
# calls org.bluez has it started, also when it has died.
daemon=/usr/libexec/bluetooth/bluetoothd log=/run/bluetoothd.log
printf '[GATT]\nChannels = 1\n' >/etc/bluetooth/main.conf # as devices have it: values keep their order
printf '#!/bin/sh\nexec %s -n >>%s 2>&1\n' "$daemon" "$log" >/run/bluetooth.service
chmod +x /run/bluetooth.service
printf '[D-BUS Service]\nName=org.bluez\nExec=/run/bluetooth.service\nUser=root\n' >/usr/share/dbus-1/system-services/org.bluez.service
mkdir -p /run/dbus
dbus-daemon --system --fork
up() { for i in 0 1; do script -qec "btmgmt --index $i info" /dev/null </dev/null | grep -q "supported settings" || return; done; }
until up; do # the kernel gives up a controller that a busy machine lets wait
	[ -z "$btvirt" ] || kill "$btvirt"
	"$state/usr/bin/btvirt" -L -l2 >/run/btvirt.log 2>&1 &
	btvirt=$!
	for try in {1..50}; do up && break; sleep 0.1; done
done
adapters() { dbus-send --system --print-reply --dest=org.bluez / org.freedesktop.DBus.ObjectManager.GetManagedObjects 2>/dev/null; }
until [ "$(adapters | grep -c 'string "org.bluez.GattManager1"')" = 2 ]; do sleep 0.1; done
for i in 0 1; do script -qec "btmgmt --index $i sc off" /dev/null; done
printf "\nbluez-vm: begins\n"
VITALIEN_BLUEZ_LOG=$log /bin/bash "$state/command" 2>&1
status=$?
if [ $status != 0 ]; then
	printf "\nbluez-vm: the end of what bluetoothd said:\n"
	tail -n 50 "$log"
fi
printf "\nbluez-vm: status %s\n" $status
sync
sleep 0.5 # the console is slow
echo o >/proc/sysrq-trigger
sleep 60
