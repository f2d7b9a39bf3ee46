package config

import (
	"strconv"
	"strings"
)

// A scanner moves through a text that is TOML.
type scanner struct {
	text string
	at   int
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) blanks() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.at++
	}
}

// rest moves to the next line, and gives the comment on the way.
func (s *scanner) rest() (comment string) {
	line, _, _ := strings.Cut(s.text[s.at:], "\n")
	s.at = min(s.at+len(line)+1, len(s.text))
	if i := strings.IndexByte(line, '#'); i >= 0 {
		return strings.TrimRight(line[i:], "\r")
	}
	return ""
}

// keys reads a key, which may be dotted and quoted.
func (s *scanner) keys() (keys path, err error) {
	for {
		s.blanks()
		from := s.at
		switch c := s.peek(); c {
		case '"':
			s.quoted()
			key, err := strconv.Unquote(s.text[from:s.at])
			if err != nil {
				return nil, errForm
			}
			keys = append(keys, key)
		case '\'':
			s.quoted()
			keys = append(keys, s.text[from+1:s.at-1])
		default:
			n := strings.IndexAny(s.text[s.at:], " \t\r\n.=]")
			if n <= 0 {
				return nil, errForm
			}
			s.at += n
			keys = append(keys, s.text[from:s.at])
		}
		s.blanks()
		if s.peek() != '.' {
			return keys, nil
		}
		s.at++
	}
}

// pair reads a key and its value under the header of table.
func (s *scanner) pair(table path) (p pair, err error) {
	keys, err := s.keys()
	if err != nil || s.peek() != '=' {
		return p, errForm
	}
	s.at++
	s.blanks()
	p.table = table
	p.path = append(append(path{}, table...), keys...)
	p.value = s.at
	p.comments = s.value()
	p.end = p.value + len(strings.TrimRight(s.text[p.value:s.at], " \t\r"))
	p.trailing = s.rest()
	p.next = s.at
	return p, nil
}

// value moves behind a value, and gives the comments within it.
func (s *scanner) value() (comments []string) {
	for depth := 0; s.at < len(s.text); {
		switch c := s.text[s.at]; {
		case c == '"' || c == '\'':
			s.quoted()
			continue
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case (c == '#' || c == '\n') && depth == 0:
			return comments
		case c == '#':
			comments = append(comments, s.rest())
			continue
		}
		s.at++
	}
	return comments
}

// quoted moves behind a string of any of the four kinds.
func (s *scanner) quoted() {
	mark := s.text[s.at : s.at+1]
	if long := strings.Repeat(mark, 3); strings.HasPrefix(s.text[s.at:], long) {
		mark = long
	}
	for s.at += len(mark); s.at < len(s.text) && !strings.HasPrefix(s.text[s.at:], mark); s.at++ {
		if s.text[s.at] == '\\' && mark[0] == '"' {
			s.at++
		}
	}
	s.at = min(s.at+len(mark), len(s.text))
	for extra := 0; len(mark) == 3 && extra < 2 && s.peek() == mark[0]; extra++ { // quotes of its own at its end
		s.at++
	}
}
