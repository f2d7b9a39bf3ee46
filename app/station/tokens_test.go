package station

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

func (d *desk) token(name string) string {
	d.t.Helper()
	secret, err := d.CreateToken(name)
	if err != nil {
		d.t.Fatal(err)
	}
	return secret
}

func TestCreateToken_OnlyTheHashIsKept(t *testing.T) {
	d := newDesk(t)
	secret := d.token("ehr")
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil || len(raw) != 32 {
		t.Fatalf("%q: %v", secret, err)
	}
	d.reopen()
	all, err := d.store.List(tokenBucket)
	if err != nil {
		t.Fatal(err)
	}
	stored := all["ehr"]
	hash := sha256.Sum256([]byte(secret))
	if !bytes.Contains(stored, []byte(base64.StdEncoding.EncodeToString(hash[:]))) {
		t.Error("the hash is not in the store")
	}
	for name, trace := range map[string][]byte{
		"secret": []byte(secret), "its bytes": raw, "its bytes in base64": []byte(base64.StdEncoding.EncodeToString(raw)),
	} {
		if bytes.Contains(stored, trace) {
			t.Errorf("the %s is in the store", name)
		}
	}
	if !d.TokenValid(secret) {
		t.Error("not valid after reopening")
	}
}

func TestTokenValid(t *testing.T) {
	d := newDesk(t)
	if d.TokenValid("") {
		t.Error("nothing is valid where there are no tokens")
	}
	first, second := d.token("first"), d.token("second")
	hash := sha256.Sum256([]byte(first))
	for secret, want := range map[string]bool{
		first: true, second: true, "": false, "first": false, first + " ": false, first[1:]: false,
		strings.ToUpper(first): false, first + second: false, string(hash[:]): false,
	} {
		if d.TokenValid(secret) != want {
			t.Errorf("%q: valid %v", secret, !want)
		}
	}
}

func TestRevokeToken(t *testing.T) {
	d := newDesk(t)
	first, second := d.token("first"), d.token("second")
	if err := d.RevokeToken("first"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if d.TokenValid(first) || !d.TokenValid(second) {
			t.Error("the wrong one was revoked")
		}
		d.reopen()
	}
	wantFault(t, d.RevokeToken("first"), "not_found")
	if again := d.token("first"); again == first || d.TokenValid(first) {
		t.Error("the old secret is valid again")
	}
}

func TestRevokeToken_TellsOnceItHasEnded(t *testing.T) {
	d := newDesk(t)
	first, second := d.token("first"), d.token("second")
	told := 0
	d.OnRevokeToken(func() {
		told++
		if d.TokenValid(first) || !d.TokenValid(second) {
			t.Error("told too early, or of another")
		}
	})
	if err := d.RevokeToken("first"); err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
	wantFault(t, d.RevokeToken("first"), "not_found")
	if told != 1 {
		t.Error("told of nothing")
	}
}

func TestCreateToken_DuplicateName(t *testing.T) {
	d := newDesk(t)
	secret := d.token("ehr")
	_, err := d.CreateToken("ehr")
	wantFault(t, err, "bad_request")
	if !d.TokenValid(secret) || len(d.Tokens()) != 1 {
		t.Errorf("%v", d.Tokens())
	}
}

func TestCreateToken_Names(t *testing.T) {
	for name, good := range map[string]bool{
		"ehr": true, "Logiciel du Dr Cœur": true, strings.Repeat("é", 64): true,
		"": false, " ": false, " ehr": false, strings.Repeat("é", 65): false, "a\nb": false, "a\tb": false, "a\xff": false, "a\u202eb": false,
	} {
		d := newDesk(t)
		_, err := d.CreateToken(name)
		if (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
		if err != nil {
			wantFault(t, err, "bad_request")
		}
	}
}

func TestTokens_ByName(t *testing.T) {
	d := newDesk(t)
	d.token("b")
	d.token("a")
	if list := d.Tokens(); len(list) != 2 || list[0].Name != "a" || list[1].Name != "b" || !list[0].Since.Equal(morning) {
		t.Errorf("%v", list)
	}
}

func TestCreateToken_NotStoredNotValid(t *testing.T) {
	d := newDesk(t)
	d.Close()
	secret, err := d.CreateToken("ehr")
	wantFault(t, err, "store_closed")
	if secret != "" || len(d.Tokens()) != 0 {
		t.Errorf("%q, %v", secret, d.Tokens())
	}
}
