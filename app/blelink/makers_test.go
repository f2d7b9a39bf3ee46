package blelink

import "fmt"

var glucoseExchanges = map[string]exchange{
	"glucose in kg/L, capillary": {"2A18", "", []string{"02 0100 ea07 0b 1c 08 1e 00 69b0 11"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-11-28T08:30:00+01:00",
	}},
	"glucose in mol/L, venous plasma": {"2A18", "", []string{"06 0100 ea07 0b 1c 08 1e 00 3ac0 24"}, []string{
		"blood_glucose | blood_glucose=5.8 mmol/L MDC_CONC_GLU_VENOUS_PLASMA | 2026-11-28T08:30:00+01:00",
	}},
	"glucose of a sample not told": {"2A18", "", []string{"02 0100 ea07 0b 1c 08 1e 00 69b0 f0"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL | 2026-11-28T08:30:00+01:00",
	}},
	"glucose, the clock set an hour ahead": {"2A18", "", []string{"03 0100 ea07 0b 1c 08 1e 00 3c00 69b0 11"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-11-28T09:30:00+01:00",
	}},
	"glucose, the clock set back over the end of the year": {"2A18", "", []string{"03 0100 ea07 01 01 00 1e 00 c4ff 69b0 11"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2025-12-31T23:30:00+01:00",
	}},
	"glucose, the clock set from winter into summer": {"2A18", "", []string{"03 0100 ea07 03 1c 0c 00 00 a005 69b0 11"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-03-29T12:00:00+02:00",
	}},
	"glucose, an offset that ran over": {"2A18", "", []string{"03 0100 ea07 0b 1c 08 1e 00 ff7f 69b0 11"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | time unknown",
	}},
	"glucose without a time": {"2A18", "", []string{"03 0100 0000 00 00 08 1e 00 3c00 69b0 11"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | time unknown",
	}},
	"glucose, what the meter has to say": {"2A18", "", []string{"0a 0100 ea07 0b 1c 08 1e 00 69b0 11 ff0f"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-11-28T08:30:00+01:00 | device-battery-low | sensor-malfunction | sensor-sample-size-insufficient | sensor-strip-insertion | sensor-strip-type-incorrect | sensor-result-too-high | sensor-result-too-low | sensor-temp-too-high | sensor-temp-too-low | sensor-read-interrupt | device-gen-fault | time-fault | preliminary",
	}},
	"glucose, a battery that is low": {"2A18", "", []string{"0a 0100 ea07 0b 1c 08 1e 00 69b0 11 0108"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-11-28T08:30:00+01:00 | device-battery-low | time-fault",
	}},
	"control solution, by its type":  {"2A18", "", []string{"02 0100 ea07 0b 1c 08 1e 00 69b0 fa"}, nil},
	"control solution, by its place": {"2A18", "", []string{"02 0100 ea07 0b 1c 08 1e 00 69b0 41"}, nil},
	"glucose without concentration":  {"2A18", "", []string{"00 0100 ea07 0b 1c 08 1e 00"}, nil},
	"glucose too high for the meter": {"2A18", "", []string{"0a 0100 ea07 0b 1c 08 1e 00 fe07 11 2000"}, nil},
	"two glucoses, the context of each": {"2A18", "", []string{
		"12 0100 ea07 0b 1c 08 1e 00 69b0 11", "02 0100 01", "12 0200 ea07 0b 1c 09 1e 00 6eb0 11", "5f 0200 01 6400 02 11 1e00 32 01 0ab0 3cf0",
	}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-11-28T08:30:00+01:00 | preprandial",
		"blood_glucose | blood_glucose=110 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-11-28T09:30:00+01:00 | postprandial",
	}},
	"a context that does not come": {"2A18", "", []string{"12 0100 ea07 0b 1c 08 1e 00 69b0 11", "02 0200 ea07 0b 1c 09 1e 00 6eb0 11"}, []string{
		"blood_glucose | blood_glucose=105 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-11-28T08:30:00+01:00",
		"blood_glucose | blood_glucose=110 mg/dL MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD | 2026-11-28T09:30:00+01:00",
	}},
	"a context alone": {"2A34", "", []string{"02 0100 03"}, nil},
}

// taidocReply is a frame of a device, in hexadecimal.
func taidocReply(bytes ...byte) string {
	frame := append([]byte{0x51}, append(bytes, 0xa5)...)
	total := 0
	for _, b := range frame {
		total += int(b)
	}
	return fmt.Sprintf("%x%02x", frame, total&0xff)
}

// 28 November 2026, 08:30.
var (
	taidocMoment   = taidocReply(0x25, 0x7c, 0x35, 0x1e, 0x08)
	taidocMomentBP = taidocReply(0x25, 0x7c, 0x35, 0x9e, 0x08)
)

var makerExchanges = map[string]exchange{
	"TaiDoc glucose":           {"taidoc", "", []string{taidocMoment, taidocReply(0x26, 0x69, 0x00, 0x00, 0x00)}, []string{"blood_glucose | blood_glucose=105 mg/dL | 2026-11-28T08:30:00+01:00"}},
	"TaiDoc glucose above 255": {taidocChannel, "FORA D40", []string{taidocMoment, taidocReply(0x26, 0x2c, 0x01, 0x00, 0x40)}, []string{"blood_glucose | blood_glucose=300 mg/dL | 2026-11-28T08:30:00+01:00 | preprandial"}},
	"TaiDoc after a meal":      {"taidoc", "FORA GD40", []string{taidocMoment, taidocReply(0x26, 0x69, 0x00, 0x00, 0x80)}, []string{"blood_glucose | blood_glucose=105 mg/dL | 2026-11-28T08:30:00+01:00 | postprandial"}},
	"TaiDoc control solution":  {"taidoc", "DIAMOND MINI", []string{taidocMoment, taidocReply(0x26, 0x69, 0x00, 0x00, 0xc0)}, nil},
	"TaiDoc blood pressure": {"taidoc", "TAIDOC TD3128", []string{taidocMomentBP, taidocReply(0x26, 0x7b, 0x00, 0x50, 0x48)}, []string{
		"blood_pressure | systolic_blood_pressure=123 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | heart_rate=72 /min | 2026-11-28T08:30:00+01:00",
	}},
	"TaiDoc blood pressure of a meter that has both, irregular": {"taidoc", "FORA D40", []string{taidocReply(0x25, 0x7c, 0x35, 0xde, 0x08), taidocReply(0x26, 0x04, 0x01, 0x50, 0x48)}, []string{
		"blood_pressure | systolic_blood_pressure=260 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | heart_rate=72 /min | 2026-11-28T08:30:00+01:00 | irregular-pulse",
	}},
	"FORA P30, whose systolic is one byte": {"taidoc", "FORA P30 PLUS", []string{taidocReply(0x25, 0x7c, 0x35, 0x9e, 0x28), taidocReply(0x26, 0x7b, 0x01, 0x50, 0x48)}, []string{
		"blood_pressure | systolic_blood_pressure=123 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | heart_rate=72 /min | 2026-11-28T08:30:00+01:00 | irregular-pulse",
	}},
	"TaiDoc oximeter":                  {"taidoc", "TAIDOC TD8255", []string{taidocMoment, taidocReply(0x26, 0x61, 0x00, 0x00, 0x48)}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | 2026-11-28T08:30:00+01:00"}},
	"TaiDoc oximeter that says so":     {"taidoc", "", []string{taidocReply(0x24, 0x55, 0x82, 0x00, 0x00), taidocMoment, taidocReply(0x26, 0x61, 0x00, 0x00, 0x48)}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | 2026-11-28T08:30:00+01:00"}},
	"TaiDoc thermometer":               {"taidoc", "FORA IR40", []string{taidocMoment, taidocReply(0x26, 0x6d, 0x01, 0xd2, 0x00)}, nil},
	"TaiDoc thermometer that says so":  {"taidoc", "", []string{taidocReply(0x24, 0x41, 0x12, 0x00, 0x00), taidocMoment, taidocReply(0x26, 0x6d, 0x01, 0xd2, 0x00)}, nil},
	"TaiDoc of a kind not known":       {"taidoc", "TD9999", []string{taidocMoment, taidocReply(0x26, 0x69, 0x00, 0x00, 0x00)}, nil},
	"TaiDoc time that is none":         {"taidoc", "FORA D40", []string{taidocReply(0x25, 0x00, 0x00, 0x00, 0x00), taidocReply(0x26, 0x69, 0x00, 0x00, 0x00)}, []string{"blood_glucose | blood_glucose=105 mg/dL | time unknown"}},
	"TaiDoc scale":                     {"taidoc", "FORA W310", []string{taidocReply(append([]byte{0x71, 0x1d}, make([]byte, 29)...)...)}, nil},
	"andrew61/TransafeRx.iOS commands": {"taidoc", "", []string{"512500000000a319", "512600000000a31a", "515000000000a344", "512400000000a318", "514300000101a339", "515400000000a348"}, nil},

	"JPD-HA120":                  {"jumper-ha120", "", []string{"fdfdfc 7b 50 48 0d0a"}, []string{"blood_pressure | systolic_blood_pressure=123 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | heart_rate=72 /min"}},
	"JPD-FR400":                  {"jumper-fr400", "", []string{"fdfd 01 016d 0d0a"}, []string{"body_temperature | body_temperature=36.5 Cel"}},
	"BFS710, of a state unknown": {"jumper-bfs710", "", []string{"ac 02 1b58 0000"}, []string{"body_weight | body_weight=70.00 kg | preliminary"}},
	"BS200":                      {"bs200", "", []string{"11 01 01 01 1b58 01f4 0001 00 aabbccddeeff"}, nil},

	hass + "HEM-7142T2, slot 13": {"omron-classic", "HEM-7142T2", []string{"6558541a331ade1800004c00ba00"}, []string{
		"blood_pressure | systolic_blood_pressure=126 mm[Hg] | diastolic_blood_pressure=88 mm[Hg] | heart_rate=84 /min | 2026-06-17T19:35:30+02:00",
	}},
	hass + "HEM-7142T2, slot 7": {"omron-classic", "", []string{"6457431a7316161c000046001900"}, []string{
		"blood_pressure | systolic_blood_pressure=125 mm[Hg] | diastolic_blood_pressure=87 mm[Hg] | heart_rate=67 /min | 2026-05-19T19:48:22+02:00",
	}},
	hass + "HEM-7600T-E, slot 23": {"omron-packed", "HEM-7600T-E", []string{"5b781a4819d71b42000014006996"}, []string{
		"blood_pressure | systolic_blood_pressure=145 mm[Hg] | diastolic_blood_pressure=91 mm[Hg] | heart_rate=72 /min | 2026-06-14T23:45:02+02:00",
	}},
	"Omron, all flags": {"omron-classic", "", []string{"6558541a33dade4800004c00ba00"}, []string{
		"blood_pressure | systolic_blood_pressure=126 mm[Hg] | diastolic_blood_pressure=88 mm[Hg] | heart_rate=84 /min | 2026-06-17T19:35:30+02:00 | body-movement | cuff-too-loose | irregular-pulse | improper-body-position",
	}},
	"Omron, irregular":                       {"omron-packed", "HEM-7322T", []string{"5b781a4859d71b42000014006996"}, []string{"blood_pressure | systolic_blood_pressure=145 mm[Hg] | diastolic_blood_pressure=91 mm[Hg] | heart_rate=72 /min | 2026-06-14T23:45:02+02:00 | irregular-pulse"}},
	"Omron, moved, in the order of HEM-6232": {"omron-packed", "HEM-6232T", []string{"5b781a4859d71b42000014006996"}, []string{"blood_pressure | systolic_blood_pressure=145 mm[Hg] | diastolic_blood_pressure=91 mm[Hg] | heart_rate=72 /min | 2026-06-14T23:45:02+02:00 | body-movement"}},
	"Omron, a date that is none":             {"omron-classic", "", []string{"6558541a0000de1800004c00ba00"}, []string{"blood_pressure | systolic_blood_pressure=126 mm[Hg] | diastolic_blood_pressure=88 mm[Hg] | heart_rate=84 /min | time unknown"}},
	"eigger/hass-omron, test_eeprom_time":    {"omron-time", "", []string{"c6a40100000000001a070f113b13fa00"}, nil},
}

var malformed = map[string]exchange{
	nordic + "blood pressure, short":      {"2A35", "", []string{"010203040506"}, nil},
	nordic + "heart rate, flags lie":      {"2A37", "", []string{"170101"}, nil},
	"heart rate, intervals that are none": {"2A37", "", []string{"1048"}, nil},
	"heart rate, half an interval":        {"2A37", "", []string{"104800"}, nil},
	nordic + "records, no response":       {"2A52", "", []string{"0101"}, nil},
	"battery of 101 %":                    {"2A19", "", []string{"65"}, nil},
	"one good frame, one bad":             {"2A35", "", []string{"00bdf00b009ff0", "00bdf0"}, nil},
	"TaiDoc, a wrong sum":                 {"taidoc", "", []string{"512500000000a51a"}, nil},
	"TaiDoc, a wrong beginning":           {"taidoc", "", []string{"502500000000a51a"}, nil},
	"TaiDoc, a wrong end":                 {"taidoc", "", []string{"512500000000a218"}, nil},
	"TaiDoc, a value without its time":    {"taidoc", "", []string{taidocReply(0x26, 0x69, 0x00, 0x00, 0x00)}, nil},
	"TaiDoc, a long frame of no scale":    {"taidoc", "", []string{taidocReply(append([]byte{0x26, 0x1d}, make([]byte, 29)...)...)}, nil},
	"TaiDoc, a scale of another length":   {"taidoc", "", []string{taidocReply(append([]byte{0x71, 0x1d}, make([]byte, 28)...)...)}, nil},
	"Nonin, a length that lies":           {"nonin", "", []string{"0b151e012c0005610048"}, nil},
	"JPD-500F, a frame of no kind":        {"jumper-500f", "", []string{"82386344"}, nil},
	"JPD-HA120, another command":          {"jumper-ha120", "", []string{"fdfdfb7b50480d0a"}, nil},
	"JPD-HA120, no end":                   {"jumper-ha120", "", []string{"fdfdfc7b50480d0b"}, nil},
	"JPD-FR400, no beginning":             {"jumper-fr400", "", []string{"fdfc01016d0d0a"}, nil},
	"BFS710, another beginning":           {"jumper-bfs710", "", []string{"ad021b58"}, nil},
	hass + "Omron, all ones":              {"omron-classic", "", []string{"ffffffffffffffffffffffffffff"}, nil},
	hass + "Omron, all zeros":             {"omron-classic", "", []string{"0000000000000000000000000000"}, nil},
	hass + "Omron, above all cuffs":       {"omron-classic", "", []string{"e200000000000000000000000000"}, nil},
	"Omron, packed, all ones":             {"omron-packed", "", []string{"ffffffffffffffffffffffffffff"}, nil},
	"Omron, a clock with a wrong sum":     {"omron-time", "", []string{"c6a40100000000001a070f113b13fb00"}, nil},
}
