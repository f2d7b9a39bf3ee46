package desktop

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	announcementLimit = 30 * time.Second // in which an announcement must come
	stallLimit        = time.Minute      // in which more of an artefact must come
	maxRedirects      = 5
)

// Updates are where the publisher announces versions of the program.
type Updates struct {
	URL   string            // of the announcement
	Key   ed25519.PublicKey // of the publisher
	Trust http.RoundTripper // nil: the system's
	Stall time.Duration     // 0: a minute without a byte ends a download
}

// CheckUpdateURL refuses an address that others could answer for: it is one of
// https, but for this computer's own.
func CheckUpdateURL(address string) error {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" {
		return errors.New("must be an address such as https://example.org/release.json")
	}
	if at.User != nil {
		return errors.New("must hold no password")
	}
	return checkScheme(at)
}

func checkScheme(at *url.URL) error {
	ip := net.ParseIP(at.Hostname())
	own := at.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if at.Scheme == "https" || at.Scheme == "http" && own {
		return nil
	}
	return fmt.Errorf("%s://%s is not https", at.Scheme, at.Host)
}

// Latest fetches what is announced now. Errors are those of OpenRelease, and
// why it cannot be fetched.
func (u *Updates) Latest(ctx context.Context, now time.Time) (Release, error) {
	ctx, cancel := context.WithTimeout(ctx, announcementLimit)
	defer cancel()
	body, err := u.get(ctx, u.URL)
	if err != nil {
		return Release{}, err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxAnnouncement+1))
	if err != nil {
		return Release{}, err
	}
	if len(text) > maxAnnouncement {
		return Release{}, fmt.Errorf("%w: more than %d bytes", ErrSignature, maxAnnouncement)
	}
	return OpenRelease(text, u.Key, now)
}

func (u *Updates) get(ctx context.Context, address string) (io.ReadCloser, error) {
	if err := CheckUpdateURL(address); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Close = true // the next one comes tomorrow
	client := http.Client{Transport: u.Trust, CheckRedirect: func(to *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errors.New("too many redirects")
		}
		return checkScheme(to.URL)
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("%s answers %s", address, response.Status)
	}
	return response.Body, nil
}

// Download fetches an artefact into folder and gives its path. Before the file
// has its name, and so before anybody can start it, its size and sum are held
// against those that are signed, and ready is asked; an error of either leaves
// nothing behind.
func (u *Updates) Download(ctx context.Context, a Artefact, folder string, ready func() error) (path string, err error) {
	name, err := a.name()
	if err != nil {
		return "", err
	}
	announced, err := url.Parse(u.URL)
	if err != nil {
		return "", err
	}
	address, err := announced.Parse(a.URL)
	if err != nil {
		return "", err
	}
	part, err := os.CreateTemp(folder, "."+name+".*.part")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.Remove(part.Name())
		}
	}()
	err = u.fetch(ctx, address.String(), a, part)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return "", err
	}
	if err = ready(); err != nil {
		return "", err
	}
	path = filepath.Join(folder, name)
	return path, os.Rename(part.Name(), path)
}

func (u *Updates) fetch(ctx context.Context, address string, a Artefact, to io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := u.Stall
	if stall == 0 {
		stall = stallLimit
	}
	alarm := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing came for %v", stall)) })
	defer alarm.Stop()
	body, err := u.get(ctx, address)
	if err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	defer body.Close()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(awake{body, func() { alarm.Reset(stall) }}, a.Size+1))
	switch {
	case err != nil:
		return errors.Join(context.Cause(ctx), err)
	case size != a.Size:
		return fmt.Errorf("%w: its size is not %d bytes", ErrDamaged, a.Size)
	case !strings.EqualFold(hex.EncodeToString(sum.Sum(nil)), a.SHA256):
		return fmt.Errorf("%w: its sum is another", ErrDamaged)
	}
	return nil
}

// awake tells whenever something came.
type awake struct {
	io.Reader
	came func()
}

func (r awake) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.came()
	}
	return n, err
}

// installedByDebian is where the package of Debian puts the program.
const installedByDebian = "/usr/bin/vitalien"

// Target names the artefact for this computer. edition is that of the build,
// empty or "headless".
func Target(edition string) string {
	target := runtime.GOOS + "-" + runtime.GOARCH
	if program, err := os.Executable(); edition == "" && err == nil && program == installedByDebian {
		edition = "deb"
	}
	if edition != "" {
		target += "-" + edition
	}
	return target
}
