package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitalien/app/config"
	"vitalien/fhirmap"
)

// An issued certificate, in files and in memory.
type issued struct {
	certificate       *x509.Certificate
	key               *ecdsa.PrivateKey
	certFile, keyFile string
}

func (i *issued) pair(t *testing.T) []tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(i.certFile, i.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return []tls.Certificate{pair}
}

func (i *issued) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.certificate)
	return pool
}

// issue makes a certificate signed by an authority, or by itself.
func issue(t *testing.T, name string, by *issued) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, key
	if by == nil {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
	} else {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{
		certificate, key,
		writePEM(t, name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		writePEM(t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}
}

func writePEM(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// shake has a client greet a server of the settings, and tells what the server
// made of it.
func shake(t *testing.T, server, client *tls.Config) (accepted, trusted error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			defer conn.Close()
			err = conn.(*tls.Conn).Handshake()
		}
		done <- err
	}()
	conn, err := tls.Dial("tcp", listener.Addr().String(), client)
	if err == nil {
		defer conn.Close()
	}
	return <-done, err
}

func TestTLS_WithoutAuthorityAnySender(t *testing.T) {
	server := issue(t, "server", nil)
	secure, err := mutualTLS(config.HL7{TLSCert: server.certFile, TLSKey: server.keyFile})
	if err != nil {
		t.Fatal(err)
	}
	if accepted, trusted := shake(t, secure, &tls.Config{RootCAs: server.pool()}); accepted != nil || trusted != nil {
		t.Errorf("%v, %v", accepted, trusted)
	}
	if _, trusted := shake(t, secure, &tls.Config{RootCAs: issue(t, "other", nil).pool()}); trusted == nil {
		t.Error("a client trusts a server that it does not know")
	}
	if accepted, _ := shake(t, secure, &tls.Config{RootCAs: server.pool(), MaxVersion: tls.VersionTLS11}); accepted == nil {
		t.Error("TLS 1.1 is accepted")
	}
}

func TestTLS_WithAuthorityOnlyItsOwnSenders(t *testing.T) {
	server, authority, other := issue(t, "server", nil), issue(t, "authority", nil), issue(t, "other", nil)
	secure, err := mutualTLS(config.HL7{TLSCert: server.certFile, TLSKey: server.keyFile, TLSCA: authority.certFile})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sender []tls.Certificate
		good   bool
	}{
		"signed by the authority": {issue(t, "monitor", authority).pair(t), true},
		"without certificate":     {nil, false},
		"signed by itself":        {issue(t, "monitor", nil).pair(t), false},
		"signed by another":       {issue(t, "monitor", other).pair(t), false},
	} {
		accepted, _ := shake(t, secure, &tls.Config{RootCAs: server.pool(), Certificates: c.sender})
		if (accepted == nil) != c.good {
			t.Errorf("%s: %v", name, accepted)
		}
	}
}

func TestTLS_Off(t *testing.T) {
	if secure, err := mutualTLS(config.HL7{}); secure != nil || err != nil {
		t.Errorf("%v, %v", secure, err)
	}
}

func TestTLS_BadFilesNameTheSetting(t *testing.T) {
	server, other := issue(t, "server", nil), issue(t, "other", nil)
	missing := filepath.Join(t.TempDir(), "missing.pem")
	garbage := writePEM(t, "garbage.pem", []byte("-----BEGIN CERTIFICATE-----\nnonsense\n"))
	for name, c := range map[string]struct {
		settings config.HL7
		setting  string
	}{
		"no certificate":    {config.HL7{TLSCert: missing, TLSKey: server.keyFile}, "hl7.tls_cert"},
		"no key":            {config.HL7{TLSCert: server.certFile, TLSKey: missing}, "hl7.tls_key"},
		"key of another":    {config.HL7{TLSCert: server.certFile, TLSKey: other.keyFile}, "hl7.tls_key"},
		"garbage":           {config.HL7{TLSCert: garbage, TLSKey: server.keyFile}, "hl7.tls_cert"},
		"no authority":      {config.HL7{TLSCert: server.certFile, TLSKey: server.keyFile, TLSCA: missing}, "hl7.tls_ca"},
		"garbage authority": {config.HL7{TLSCert: server.certFile, TLSKey: server.keyFile, TLSCA: garbage}, "hl7.tls_ca"},
		"key as authority":  {config.HL7{TLSCert: server.certFile, TLSKey: server.keyFile, TLSCA: server.keyFile}, "hl7.tls_ca"},
	} {
		secure, err := mutualTLS(c.settings)
		fault := fhirmap.FaultOf(err)
		if secure != nil || fault == nil || fault.Code != "bad_config" || !strings.Contains(err.Error(), c.setting) || !strings.Contains(fault.French, c.setting) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
