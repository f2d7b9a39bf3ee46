package blelink

const (
	nordic  = "NordicSemiconductor/Android-BLE-Common-Library: "
	spezi   = "StanfordSpezi/SpeziBluetooth, PLXTests: "
	sigPy   = "RonanB96/bluetooth-sig-python: "
	scales  = "KristianP26/ble-scale-sync, standard-gatt.test: "
	hass    = "eigger/hass-omron, test_record_parsers: "
	noninAt = "Validic, simulated 3230: "
)

var profileExchanges = map[string]exchange{
	nordic + "blood pressure, all fields": {"2A35", "", []string{"1e 8a00 5800 7800 0000 0411 1429 3b 3c00 01 2700"}, []string{
		"blood_pressure | systolic_blood_pressure=138 mm[Hg] | diastolic_blood_pressure=88 mm[Hg] | mean_blood_pressure=120 mm[Hg] | heart_rate=60 /min | time unknown | body-movement | cuff-too-loose | irregular-pulse | improper-body-position",
	}},
	nordic + "blood pressure, no field": {"2A35", "", []string{"00 bdf0 0b00 9ff0"}, []string{
		"blood_pressure | systolic_blood_pressure=18.9 mm[Hg] | diastolic_blood_pressure=11 mm[Hg] | mean_blood_pressure=15.9 mm[Hg]",
	}},
	"blood pressure with a time and a pulse": {"2A35", "", []string{"16 7b00 5000 5e00 ea07 0b 1c 08 1e 00 4800 0000"}, []string{
		"blood_pressure | systolic_blood_pressure=123 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=94 mm[Hg] | heart_rate=72 /min | 2026-11-28T08:30:00+01:00",
	}},
	"blood pressure in kPa": {"2A35", "", []string{"01 a0f0 6bf0 7df0"}, []string{
		"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=94 mm[Hg]",
	}},
	"blood pressure without a mean": {"2A35", "", []string{"00 7b00 5000 ff07"}, []string{
		"blood_pressure | systolic_blood_pressure=123 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=not-a-number mm[Hg]",
	}},
	"blood pressure, special values": {"2A35", "", []string{"04 fe07 0208 0108 4800"}, []string{
		"blood_pressure | systolic_blood_pressure=positive-infinity mm[Hg] | diastolic_blood_pressure=negative-infinity mm[Hg] | mean_blood_pressure=error mm[Hg] | heart_rate=72 /min",
	}},
	"blood pressure that could not be measured": {"2A35", "", []string{"04 ff07 ff07 ff07 ff07"}, nil},
	"blood pressure, pulse above the range":     {"2A35", "", []string{"10 7b00 5000 5e00 0800"}, []string{"blood_pressure | systolic_blood_pressure=123 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=94 mm[Hg] | pulse-over-range-limit"}},
	"blood pressure, pulse below the range":     {"2A35", "", []string{"10 7b00 5000 5e00 1000"}, []string{"blood_pressure | systolic_blood_pressure=123 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=94 mm[Hg] | pulse-under-range-limit"}},
	"blood pressure, pulse range reserved":      {"2A35", "", []string{"10 7b00 5000 5e00 1800"}, []string{"blood_pressure | systolic_blood_pressure=123 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=94 mm[Hg]"}},
	"cuff pressure, nobody's":                   {"2A36", "", []string{"00 8a00 ff07 ff07"}, nil},

	"temperature":                       {"2A1C", "", []string{"00 6d0100ff"}, []string{"body_temperature | body_temperature=36.5 Cel"}},
	"temperature, two places":           {"2A1C", "", []string{"00 420e00fe"}, []string{"body_temperature | body_temperature=36.50 Cel"}},
	"temperature in °F":                 {"2A1C", "", []string{"01 da0300ff"}, []string{"body_temperature | body_temperature=37.0 Cel"}},
	"temperature with a time":           {"2A1C", "", []string{"02 6d0100ff ea07 07 01 08 1e 00"}, []string{"body_temperature | body_temperature=36.5 Cel | 2026-07-01T08:30:00+02:00"}},
	"temperature in the ear":            {"2A1C", "", []string{"06 6d0100ff ea07 07 01 08 1e 00 03"}, []string{"body_temperature | body_temperature=36.5 Cel MDC_TEMP_EAR | 2026-07-01T08:30:00+02:00"}},
	"temperature of the body":           {"2A1C", "", []string{"04 6d0100ff 02"}, []string{"body_temperature | body_temperature=36.5 Cel"}},
	"temperature at a place reserved":   {"2A1C", "", []string{"04 6d0100ff 0a"}, []string{"body_temperature | body_temperature=36.5 Cel"}},
	"temperature that was not measured": {"2A1C", "", []string{"00 ffff7f00"}, nil},
	"temperature, too low to be one":    {"2A1C", "", []string{"00 02008000"}, nil},
	"temperature while it warms up":     {"2A1E", "", []string{"00 5e0100ff"}, []string{"body_temperature | body_temperature=35.0 Cel | preliminary"}},
	"temperature type":                  {"2A1D", "", []string{"06"}, nil},

	nordic + "heart rate":             {"2A37", "", []string{"00 55"}, []string{"heart_rate | heart_rate=85 /min"}},
	nordic + "heart rate, no contact": {"2A37", "", []string{"04 ff"}, []string{"heart_rate | heart_rate=255 /min | sensor-off"}},
	"heart rate, with contact":        {"2A37", "", []string{"06 48"}, []string{"heart_rate | heart_rate=72 /min"}},
	"heart rate of 16 bits":           {"2A37", "", []string{"01 2c01"}, []string{"heart_rate | heart_rate=300 /min"}},
	"heart rate, energy, intervals":   {"2A37", "", []string{"1e 48 1000 4003 5003"}, []string{"heart_rate | heart_rate=72 /min"}},

	"current time": {"2A2B", "", []string{"ea07 0b 1c 08 1e 00 06 00 00"}, nil},
	"date time":    {"2A08", "", []string{"ea07 0b 1c 08 1e 00"}, nil},
	"battery":      {"2A19", "", []string{"64"}, nil},
	"system id":    {"2A23", "", []string{"74e8fffeff051c00"}, nil},
	"model":        {"2A24", "", []string{"48454d2d3932313054"}, nil},
	"serial":       {"2A25", "", []string{"313233"}, nil},
	"maker":        {"2A29", "", []string{"4f4d524f4e"}, nil},
	"no records":   {"2A52", "", []string{"06000106"}, nil},
}

var scaleExchanges = map[string]exchange{
	sigPy + "weight":             {"2A9D", "", []string{"00 b036"}, []string{"body_weight | body_weight=70.000 kg"}},
	sigPy + "weight with a time": {"2A9D", "", []string{"02 b036 e707 0c 19 0e 1e 2d"}, []string{"body_weight | body_weight=70.000 kg | 2023-12-25T14:30:45+01:00"}},
	"weight in pounds":           {"2A9D", "", []string{"01 483c"}, []string{"body_weight | body_weight=69.998 kg"}},
	"weight, user, index and height": {"2A9D", "", []string{"0e b036 e707 0c 19 0e 1e 2d 02 e500 d606"}, []string{
		"body_weight | body_weight=70.000 kg | 2023-12-25T14:30:45+01:00",
		"body_mass_index | body_mass_index=22.9 kg/m2 | 2023-12-25T14:30:45+01:00",
		"body_height | body_height=175.0 cm | 2023-12-25T14:30:45+01:00 | admission",
	}},
	"weight and height in pounds and inches": {"2A9D", "", []string{"09 483c e500 b102"}, []string{
		"body_weight | body_weight=69.998 kg", "body_mass_index | body_mass_index=22.9 kg/m2", "body_height | body_height=175.0 cm | admission",
	}},
	"weight that could not be measured": {"2A9D", "", []string{"00 ffff"}, nil},
	"weight with a height not known":    {"2A9D", "", []string{"08 b036 0000 0000"}, []string{"body_weight | body_weight=70.000 kg"}},

	sigPy + "body composition": {"2A9C", "", []string{"0000 3200"}, []string{"body_fat_percentage | body_fat_percentage=5.0 %"}},
	scales + "impedance, weight": {"2A9C", "", []string{"0006 c800 8813 803e"}, []string{
		"body_weight | body_weight=80.000 kg", "body_fat_percentage | body_fat_percentage=20.0 %",
	}},
	scales + "time, user": {"2A9C", "", []string{"0604 fa00 00000000000000 01 803e"}, []string{
		"body_weight | body_weight=80.000 kg | time unknown", "body_fat_percentage | body_fat_percentage=25.0 % | time unknown",
	}},
	"body composition, all fields": {"2A9C", "", []string{"fe0f dd00 ea07 0b 1c 08 1e 00 01 e803 a401 c012 b036 a035 2823 8813 803e d606"}, []string{
		"body_weight | body_weight=80.000 kg | 2026-11-28T08:30:00+01:00",
		"body_fat_percentage | body_fat_percentage=22.1 % | 2026-11-28T08:30:00+01:00",
		"total_body_water | total_body_water=45.000 kg | 2026-11-28T08:30:00+01:00",
		"muscle_mass | muscle_mass=24.000 kg | 2026-11-28T08:30:00+01:00",
		"body_height | body_height=175.0 cm | 2026-11-28T08:30:00+01:00 | admission",
	}},
	"body composition, muscle in percent": {"2A9C", "", []string{"1000 dd00 a401"}, []string{
		"body_fat_percentage | body_fat_percentage=22.1 %", "muscle_mass | muscle_mass=42.0 %",
	}},
	"body composition in two frames": {"2A9C", "", []string{"0214 dd00 ea07 0b 1c 08 1e 00 803e", "0011 dd00 2823"}, []string{
		"body_weight | body_weight=80.000 kg | 2026-11-28T08:30:00+01:00",
		"body_fat_percentage | body_fat_percentage=22.1 % | 2026-11-28T08:30:00+01:00",
		"total_body_water | total_body_water=45.000 kg | 2026-11-28T08:30:00+01:00",
	}},
	"body composition, the second frame missing": {"2A9C", "", []string{"0014 dd00 803e"}, []string{
		"body_weight | body_weight=80.000 kg", "body_fat_percentage | body_fat_percentage=22.1 %",
	}},
	"body composition, the first frames of two people": {"2A9C", "", []string{"0410 dd00 01", "0414 2c01 02 803e"}, []string{
		"body_fat_percentage | body_fat_percentage=22.1 %", "body_weight | body_weight=80.000 kg", "body_fat_percentage | body_fat_percentage=30.0 %",
	}},
	"body composition, a single frame between": {"2A9C", "", []string{"0010 dd00", "0000 2c01"}, []string{
		"body_fat_percentage | body_fat_percentage=22.1 %", "body_fat_percentage | body_fat_percentage=30.0 %",
	}},
	"body composition with socks on": {"2A9C", "", []string{"0004 ffff 803e"}, []string{"body_weight | body_weight=80.000 kg"}},
	"body composition that failed":   {"2A9C", "", []string{"0000 ffff"}, nil},
}

var oximeterExchanges = map[string]exchange{
	spezi + "continuous, one place":    {"2A5F", "", []string{"00 e8f3 84f3"}, []string{"oxygen_saturation | oxygen_saturation=100.0 % | heart_rate=90.0 /min"}},
	spezi + "continuous":               {"2A5F", "", []string{"00 6400 5a00"}, []string{"oxygen_saturation | oxygen_saturation=100 % | heart_rate=90 /min"}},
	spezi + "features":                 {"2A60", "", []string{"a3004010800100"}, nil},
	"continuous, fast and slow values": {"2A5F", "", []string{"03 6100 4800 6000 4900 6200 4a00"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min"}},
	"continuous, all fields": {"2A5F", "", []string{"1f 6100 4800 6000 4900 6200 4a00 0040 300000 2cf0"}, []string{
		"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | questionable-measurement | signal-poor | signal-low-perfusion | preliminary",
	}},
	"continuous, sensor off":    {"2A5F", "", []string{"08 ff07 ff07 000800"}, nil},
	"continuous, unavailable":   {"2A5F", "", []string{"04 6100 4800 0020"}, nil},
	"continuous, of a phantom":  {"2A5F", "", []string{"04 6100 4800 0004"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | test"}},
	"continuous without pulse":  {"2A5F", "", []string{"00 6100 ff07"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=not-a-number /min"}},
	"spot":                      {"2A5E", "", []string{"00 6100 4800"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min"}},
	"spot with a time":          {"2A5E", "", []string{"01 6100 4800 ea07 0b 1c 08 1e 00"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | 2026-11-28T08:30:00+01:00"}},
	"spot, the clock never set": {"2A5E", "", []string{"11 6100 4800 ea07 0b 1c 08 1e 00"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | time unknown"}},
	"spot, all fields": {"2A5E", "", []string{"0f 6100 4800 ea07 0b 1c 08 1e 00 4080 ff0f00 2cf0"}, []string{
		"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | 2026-11-28T08:30:00+01:00 | early-estimate | invalid-measurement | device-extended-update | device-equipment-malfunction | signal-processing-irregularity | signal-inadequate | signal-poor | signal-low-perfusion | signal-erratic | signal-non-pulsatile | signal-pulse-questionable | signal-searching | sensor-interference | sensor-off | preliminary",
	}},

	noninAt + "SmartPoint":              {"nonin", "", []string{"0a 15 1e 012c 0005 61 0048"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min"}},
	"Nonin before SmartPoint":           {noninOximetry, "", []string{"0a 11 1e 012c 0005 61 0048"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | preliminary"}},
	"Nonin, weak, searching, misplaced": {"nonin", "", []string{"0a 0e 1e 012c 0005 61 0048"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=72 /min | signal-poor | signal-searching | sensor-displaced"}},
	"Nonin, low battery, fast pulse":    {"nonin", "", []string{"0a 35 14 012c 0005 61 0120"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=288 /min | device-battery-low"}},
	"Nonin without a finger":            {"nonin", "", []string{"0a 09 1e 0000 0005 7f 01ff"}, nil},
	"Nonin without a pulse":             {"nonin", "", []string{"0a 15 1e 0000 0005 61 01ff"}, []string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=unknown /min"}},

	"KookKookKool/smarttelemed-v4: JPD-500F": {jumperOximetry, "", []string{"81 38 63 44"}, []string{"oxygen_saturation | oxygen_saturation=99 % | heart_rate=56 /min"}},
	"JPD-500F without a finger":              {"jumper-500f", "", []string{"81 ff 7f 00"}, nil},
	"JPD-500F without a pulse":               {"jumper-500f", "", []string{"81 ff 63 00"}, []string{"oxygen_saturation | oxygen_saturation=99 % | heart_rate=unknown /min"}},
	"JPD-500F, a wave":                       {"jumper-500f", "", []string{"80 0102030405060708"}, nil},
}
