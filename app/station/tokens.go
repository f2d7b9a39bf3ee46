package station

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vitalien/fhirmap"
)

const tokenBucket = "tokens"

// A token is kept as the hash of its secret alone.
type token struct {
	Hash  []byte    `json:"hash"` // SHA-256
	Since time.Time `json:"since"`
}

// A TokenInfo is what can be told of a token.
type TokenInfo struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
}

func (a *access) loadTokens() error {
	stored, err := a.store.List(tokenBucket)
	if err != nil {
		return err
	}
	for name, value := range stored {
		var t token
		if err := json.Unmarshal(value, &t); err != nil {
			return fmt.Errorf("token %s: %w", name, err)
		}
		a.tokens[name] = t
	}
	return nil
}

// CreateToken makes a token of 256 random bits and returns its secret, which
// is never shown again.
func (s *Station) CreateToken(name string) (secret string, err error) {
	if !isTokenName(name) {
		return "", &fhirmap.Fault{
			Code: "bad_request", English: "a token's name has 1 to 64 printable characters",
			French: "Le nom d’un jeton a de 1 à 64 caractères, sans espace au début ni à la fin.",
		}
	}
	a := s.access
	a.changing.Lock()
	defer a.changing.Unlock()
	if a.hasToken(name) {
		return "", &fhirmap.Fault{
			Code: "bad_request", English: "a token of this name exists; revoke it first",
			French: "Un jeton porte déjà ce nom. Révoquez-le d’abord, ou choisissez un autre nom.",
		}
	}
	var raw [32]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	secret = base64.RawURLEncoding.EncodeToString(raw[:])
	hash := sha256.Sum256([]byte(secret))
	t := token{hash[:], s.now()}
	value, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	if err := a.store.Put(tokenBucket, name, value); err != nil {
		return "", err
	}
	a.mu.Lock()
	a.tokens[name] = t
	a.mu.Unlock()
	s.log.Info("token created", "name", name)
	s.audit(AuditTokenCreated, name, "")
	return secret, nil
}

func isTokenName(name string) bool {
	n := utf8.RuneCountInString(name)
	unprintable := strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
	return n > 0 && n <= 64 && utf8.ValidString(name) && !unprintable && strings.TrimSpace(name) == name
}

func (a *access) hasToken(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, exists := a.tokens[name]
	return exists
}

// RevokeToken ends a token, and the connections that it admitted.
func (s *Station) RevokeToken(name string) error {
	a := s.access
	a.changing.Lock()
	defer a.changing.Unlock()
	if !a.hasToken(name) {
		return &fhirmap.Fault{Code: "not_found", English: "no token of this name", French: "Aucun jeton ne porte ce nom."}
	}
	if err := a.store.Delete(tokenBucket, name); err != nil {
		return err
	}
	a.mu.Lock()
	delete(a.tokens, name)
	told := slices.Clone(a.onRevokeToken)
	a.mu.Unlock()
	for _, tell := range told {
		tell()
	}
	s.log.Info("token revoked", "name", name)
	s.audit(AuditTokenRevoked, name, "")
	return nil
}

// OnRevokeToken has tell called each time a token has ended; TokenValid tells
// which. It must not change tokens itself.
func (s *Station) OnRevokeToken(tell func()) {
	s.access.mu.Lock()
	defer s.access.mu.Unlock()
	s.access.onRevokeToken = append(s.access.onRevokeToken, tell)
}

// Tokens are the tokens by name, without their secrets.
func (s *Station) Tokens() []TokenInfo {
	a := s.access
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]TokenInfo, 0, len(a.tokens))
	for name, t := range a.tokens {
		list = append(list, TokenInfo{name, t.Since})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// TokenValid tells whether secret is that of a token. Every token is compared,
// in constant time.
func (s *Station) TokenValid(secret string) bool {
	_, valid := s.TokenName(secret)
	return valid
}

// TokenName is the name of the token whose secret that is, compared as
// TokenValid does.
func (s *Station) TokenName(secret string) (name string, valid bool) {
	hash := sha256.Sum256([]byte(secret))
	a := s.access
	a.mu.Lock()
	defer a.mu.Unlock()
	for known, t := range a.tokens {
		if subtle.ConstantTimeCompare(hash[:], t.Hash) == 1 {
			name, valid = known, true
		}
	}
	return name, valid
}
