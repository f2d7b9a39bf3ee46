package main

import (
	"net"
	"strconv"

	"vitalien/app/desktop"
	"vitalien/fhirmap"
)

// namingOwner is err, with the name of the program that has the port of address
// when err is a Fault that says so and the system tells.
func namingOwner(err error, address string) error {
	f := fhirmap.FaultOf(err)
	_, text, bad := net.SplitHostPort(address)
	if f == nil || (f.Code != "port_taken" && f.Code != "port_in_use") || bad != nil {
		return err
	}
	port, bad := strconv.Atoi(text)
	if bad != nil {
		return err
	}
	name := desktop.PortOwner(port)
	if name == "" {
		return err
	}
	named := *f
	named.French += " L’autre programme se nomme «\u00a0" + name + "\u00a0»."
	named.English += "; it is " + name
	return &named
}
