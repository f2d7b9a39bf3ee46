package config

// Window is how the window shows things. None of it changes what is stored or
// sent.
type Window struct {
	Theme   string `toml:"theme"`   // "system", "light" or "dark"
	Text    string `toml:"text"`    // "small", "normal" or "large"
	Glucose string `toml:"glucose"` // "g/L", "mg/dL" or "mmol/L"
}

func (w *Window) problems(add func(string, *Problem)) {
	add("window.theme", among(w.Theme, "system", "light", "dark"))
	add("window.text", among(w.Text, "small", "normal", "large"))
	add("window.glucose", among(w.Glucose, "g/L", "mg/dL", "mmol/L"))
}
