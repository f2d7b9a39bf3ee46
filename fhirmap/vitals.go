package fhirmap

import "time"

// AppendVitals appends what a monitor shows to b, as JSON, the payload of the
// event "vitals":
//
//	{bed, device, time, values: [{type, value, unit, state, low, high, …}]}
//
// Every member is always there; value, low and high are null when there is
// none. Numbers keep their precision. ucum and label (French) stand beside the
// unit; a value that is not of the time of the whole has one of its own. A Live
// without a time has none in the payload either.
func AppendVitals(b []byte, l *Live) []byte {
	b = appendString(append(b, `{"bed":`...), l.Bed)
	b = appendString(append(b, `,"device":`...), l.Device.ID)
	b = appendTime(append(b, `,"time":`...), l.Time)
	b = append(b, `,"values":[`...)
	for i := range l.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = l.Values[i].append(b, l.Time)
	}
	return append(b, ']', '}')
}

func (v *LiveValue) append(b []byte, whole time.Time) []byte {
	b = appendString(append(b, `{"type":`...), string(v.Type))
	b = appendNumber(append(b, `,"value":`...), v.Value)
	b = appendString(append(b, `,"unit":`...), v.Unit.Label)
	b = appendString(append(b, `,"state":`...), string(v.State))
	b = appendNumber(append(b, `,"low":`...), v.Low)
	b = appendNumber(append(b, `,"high":`...), v.High)
	b = appendMember(b, `"ucum":`, v.Unit.UCUM)
	if p := parameterIndex[v.Type]; p != nil {
		b = appendMember(b, `"label":`, p.French)
	}
	if !v.Time.IsZero() && !v.Time.Equal(whole) {
		b = appendTime(append(b, `,"time":`...), v.Time)
	}
	return append(b, '}')
}

func appendNumber(b []byte, d *Decimal) []byte {
	if d == nil {
		return append(b, "null"...)
	}
	return d.Append(b)
}

// appendTime appends t as JSON in RFC 3339 with its offset.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = t.AppendFormat(append(b, '"'), instantForm)
	return append(b, '"')
}
