package desktop

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Why an announcement or an artefact is not taken.
var (
	ErrSignature = errors.New("not signed with the publisher's key")
	ErrExpired   = errors.New("the announcement has expired")
	ErrDamaged   = errors.New("not what the publisher has signed")
)

// Bounds of what is fetched, in bytes.
const (
	maxAnnouncement = 64 << 10
	maxArtefact     = 200 << 20
)

// releaseContext stands before what is signed, so that no signature of the key
// for something else passes for one of a release.
const releaseContext = "vitalien release 1\n"

// A Release is a version of the program that its publisher announces, until it
// expires: whoever stands between can then hold back news no longer than that.
type Release struct {
	Version   string              `json:"version"` // three numbers: "1.2.3"
	Expires   time.Time           `json:"expires"`
	Artefacts map[string]Artefact `json:"artefacts"` // by target: "windows-amd64", "linux-amd64-deb"
}

// An Artefact is an installer or an archive.
type Artefact struct {
	URL    string `json:"url"` // may be relative to that of the announcement
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// ReadKey reads a public key of ed25519 (RFC 8032): 32 bytes in base64.
func ReadKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("a key is 32 bytes in base64")
	}
	return key, nil
}

// OpenRelease reads an announcement: an object of JSON whose "signed" is a
// Release as JSON, in base64, and whose "signature" is that of these bytes
// behind releaseContext. Errors are ErrSignature, ErrExpired, and what else is
// wrong with it.
func OpenRelease(announcement []byte, key ed25519.PublicKey, now time.Time) (r Release, err error) {
	var envelope struct {
		Signed    []byte `json:"signed"`
		Signature []byte `json:"signature"`
	}
	if err := json.Unmarshal(announcement, &envelope); err != nil {
		return r, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if !ed25519.Verify(key, append([]byte(releaseContext), envelope.Signed...), envelope.Signature) {
		return r, ErrSignature
	}
	if err := json.NewDecoder(bytes.NewReader(envelope.Signed)).Decode(&r); err != nil {
		return Release{}, err
	}
	if _, err := readVersion(r.Version); err != nil {
		return Release{}, err
	}
	for target, a := range r.Artefacts {
		if err := a.check(); err != nil {
			return Release{}, fmt.Errorf("artefact %s: %w", target, err)
		}
	}
	if !now.Before(r.Expires) {
		return Release{}, fmt.Errorf("%w on %s", ErrExpired, r.Expires.Format(time.RFC3339))
	}
	return r, nil
}

var fileName = regexp.MustCompile(`^[A-Za-z0-9][\w.+-]{0,99}$`)

func (a Artefact) check() error {
	_, err := a.name()
	sum, bad := hex.DecodeString(a.SHA256)
	switch {
	case err != nil:
		return err
	case bad != nil || len(sum) != 32:
		return errors.New("its sum is not one of SHA-256")
	case a.Size < 1 || a.Size > maxArtefact:
		return fmt.Errorf("%d bytes: more than none and at most %d", a.Size, maxArtefact)
	}
	return nil
}

// name is that of its file.
func (a Artefact) name() (string, error) {
	at, err := url.Parse(a.URL)
	if err != nil {
		return "", err
	}
	if name := path.Base(at.Path); fileName.MatchString(name) {
		return name, nil
	}
	return "", fmt.Errorf("%q names no file", a.URL)
}

// Newer tells whether r is a later version than that one. An older one is never
// gone back to.
func (r Release) Newer(than string) (bool, error) {
	announced, err := readVersion(r.Version)
	running, bad := readVersion(than)
	if err := errors.Join(err, bad); err != nil {
		return false, err
	}
	for i := range announced {
		if announced[i] != running[i] {
			return announced[i] > running[i], nil
		}
	}
	return false, nil
}

func readVersion(text string) (v [3]uint64, err error) {
	parts := strings.Split(text, ".")
	if len(parts) != len(v) {
		return v, fmt.Errorf("version %q is not three numbers", text)
	}
	for i, part := range parts {
		if v[i], err = strconv.ParseUint(part, 10, 32); err != nil {
			return v, fmt.Errorf("version %q is not three numbers", text)
		}
	}
	return v, nil
}
