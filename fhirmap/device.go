package fhirmap

import "strings"

// What the HL7 Personal Health Device guide names a device by.
const (
	systemIDs         = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680" // EUI-64
	deviceIdentifiers = "http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers"
)

// deviceTypes are the device types in IEEE 11073-10101: the profile that a
// device of the type follows (IEEE 11073-104xx), where there is one, and its
// kind.
var deviceTypes = map[DeviceType]struct {
	profile, kind Code
	french        string
}{
	WeightScale:          {code("528399", "MDC_DEV_SPEC_PROFILE_SCALE"), simpleDevice, "Balance"},
	Thermometer:          {code("528392", "MDC_DEV_SPEC_PROFILE_TEMP"), simpleDevice, "Thermomètre"},
	PulseOxymeter:        {code("528388", "MDC_DEV_SPEC_PROFILE_PULS_OXIM"), simpleDevice, "Oxymètre de pouls"},
	BloodPressureMonitor: {code("528391", "MDC_DEV_SPEC_PROFILE_BP"), simpleDevice, "Tensiomètre"},
	Glucometer:           {code("528401", "MDC_DEV_SPEC_PROFILE_GLUCOSE"), simpleDevice, "Lecteur de glycémie"},
	HeartRateMonitor:     {Code{}, simpleDevice, "Cardiofréquencemètre"},
	PatientMonitor:       {Code{}, code("69965", "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS"), "Moniteur patient"},
	Stethoscope:          {Code{}, simpleDevice, "Stéthoscope électronique"},
}

var (
	simpleDevice = code("65573", "MDC_MOC_VMS_MDS_SIMP")
	hostDevice   = code("531981", "MDC_MOC_VMS_MDS_AHD")
	softwarePart = code("531975", "MDC_ID_PROD_SPEC_SW")
)

// R4Device is the device as FHIR R4 Device, to which Observation.device points.
// Its type is the profile that it follows, if there is one, and what the
// Personal Health Device guide demands beside it. test marks one that is
// simulated or has been used for training alone.
func R4Device(d *Device, test bool) DeviceResource {
	r := DeviceResource{
		ResourceType: "Device", ID: d.ID, Meta: testMeta(test), Identifier: d.identifiers(),
		Manufacturer: strings.TrimSpace(d.Manufacturer), SerialNumber: strings.TrimSpace(d.Serial), ModelNumber: strings.TrimSpace(d.Model),
		DeviceName: deviceName(d.Name),
	}
	known, ok := deviceTypes[d.Type]
	if !ok {
		known.kind, known.french = simpleDevice, string(d.Type)
	}
	r.Type = &CodeableConcept{Text: known.french}
	if known.profile != (Code{}) {
		profile := []Coding{known.profile.mdc()}
		r.Type.Coding = append(r.Type.Coding, profile...)
		r.Specialization = []Specialization{{CodeableConcept{Coding: profile}}}
	}
	r.Type.Coding = append(r.Type.Coding, known.kind.mdc())
	return r
}

// R4Gateway is this program as FHIR R4 Device, to which the extension
// observation-gatewayDevice points: what the Personal Health Device guide calls
// a gateway. log is the UUID of the log; version may be empty.
func R4Gateway(log, version string) DeviceResource {
	r := DeviceResource{
		ResourceType: "Device", ID: log, Identifier: []Identifier{{System: "urn:ietf:rfc:3986", Value: "urn:uuid:" + log}},
		DeviceName: deviceName(gatewayName),
		Type:       &CodeableConcept{Coding: []Coding{hostDevice.mdc()}, Text: "Passerelle d’appareils de santé"},
	}
	if version != "" {
		r.Version = []DeviceVersion{{&CodeableConcept{Coding: []Coding{softwarePart.mdc()}}, version}}
	}
	return r
}

// gatewayName is what references call this program.
const gatewayName = "Vitalien"

func (c Code) mdc() Coding { return Coding{MDC, c.Code, c.Display} }

func deviceName(name string) []DeviceName {
	if name = strings.TrimSpace(name); name == "" {
		return nil
	}
	return []DeviceName{{name, "user-friendly-name"}}
}

// identifiers is the EUI-64 as the Personal Health Device guide writes it.
func (d *Device) identifiers() []Identifier {
	digits := strings.ToUpper(d.EUI64)
	if len(digits) != 16 || strings.Trim(digits, "0123456789ABCDEF") != "" {
		return nil
	}
	var pairs []string
	for i := 0; i < len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	return []Identifier{{
		Type:   &CodeableConcept{Coding: []Coding{{deviceIdentifiers, "SYSID", "IEEE 11073 System Identifier"}}},
		System: systemIDs, Value: strings.Join(pairs, "-"),
	}}
}
