package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// MonitorSetting is the one setting whose value has several lines, each an
// address and perhaps a name.
const MonitorSetting = "hl7.monitor"

// Values are the settings as text, by their name: "hl7.listen". A list is joined
// by commas.
func (c *Config) Values() map[string]string {
	all := map[string]string{}
	each(reflect.ValueOf(c).Elem(), "", func(name string, v reflect.Value) bool {
		all[name] = textOf(v)
		return true
	})
	return all
}

// Set changes a setting to what text says, in the form of Values. An error is a
// *Problem: no such setting, or a text that is not of its kind. Whether the value
// is a good one is for Problems.
func (c *Config) Set(name, text string) error {
	err := error(&Problem{Setting: name, English: "no such setting", French: "Ce réglage n’existe pas."})
	each(reflect.ValueOf(c).Elem(), "", func(at string, v reflect.Value) bool {
		if at == name {
			if err = put(v, text); err != nil {
				err = &Problem{Setting: name, English: err.Error(), French: frenchOf(err)}
			}
		}
		return at != name
	})
	return err
}

func frenchOf(err error) string {
	if p, ours := err.(*Problem); ours {
		return p.French
	}
	return "Indiquez un nombre entier."
}

// each calls fn with every setting in the order of Config, until it returns
// false.
func each(v reflect.Value, prefix string, fn func(name string, v reflect.Value) bool) bool {
	for field, value := range v.Fields() {
		name := prefix + field.Tag.Get("toml")
		if value.Kind() == reflect.Struct {
			if !each(value, name+".", fn) {
				return false
			}
		} else if !fn(name, value) {
			return false
		}
	}
	return true
}

func textOf(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case string:
		return value
	case []string:
		return strings.Join(value, ", ")
	case []Monitor:
		lines := make([]string, len(value))
		for i, m := range value {
			lines[i] = strings.TrimSpace(m.Address + " " + m.Name)
		}
		return strings.Join(lines, "\n")
	default:
		return fmt.Sprint(value)
	}
}

func put(v reflect.Value, text string) error {
	switch value := v.Addr().Interface().(type) {
	case *string:
		*value = text
	case *bool:
		*value = text == "true"
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		*value = n
	case *Duration:
		return value.UnmarshalText([]byte(text))
	case *[]string:
		*value = nil
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*value = append(*value, part)
			}
		}
	case *[]Monitor:
		*value = nil
		for line := range strings.Lines(text) {
			if address, name, _ := strings.Cut(strings.TrimSpace(line), " "); address != "" {
				*value = append(*value, Monitor{address, strings.TrimSpace(name)})
			}
		}
	}
	return nil
}

// literal is a value as TOML 1.0 writes it.
func literal(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case string:
		return quote(value)
	case Duration:
		return quote(value.String())
	case []string:
		parts := make([]string, len(value))
		for i, s := range value {
			parts[i] = quote(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case []Monitor:
		parts := make([]string, len(value))
		for i, m := range value {
			parts[i] = fmt.Sprintf("{address = %s, name = %s}", quote(m.Address), quote(m.Name))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return fmt.Sprint(value)
	}
}

// quote is a basic string of TOML.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// same tells whether two configurations say the same. The order of monitors is
// of no importance.
func (c *Config) same(o *Config) bool {
	a, b := c.Values(), o.Values()
	for _, values := range []map[string]string{a, b} {
		lines := strings.Split(values[MonitorSetting], "\n")
		slices.Sort(lines)
		values[MonitorSetting] = strings.Join(lines, "\n")
	}
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}
