package blelink

import "slices"

// drivers is the registry, by type of device, the named ones first.
var drivers = []*Driver{
	&omronHEM9210T,
	&andUA651BLE,
	&anyBloodPressure,
	&anyThermometer,
	&anyScale,
	&nonin3230,
	&jumperJPD500F,
	&anyOximeter,
	&foraDiamondMini,
	&accuChek,
	&anyGlucometer,
	&anyHeartRate,
}

// Drivers are all there are.
func Drivers() []*Driver { return slices.Clone(drivers) }

// DriverByID finds a driver; nil when there is none.
func DriverByID(id string) *Driver {
	for _, d := range drivers {
		if d.ID == id {
			return d
		}
	}
	return nil
}
