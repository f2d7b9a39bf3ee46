package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"vitalien/app/config"
	"vitalien/fhirmap"
)

// mutualTLS is how the listener for monitors encrypts; nil when it does not.
// With an authority every sender must present a certificate that it signed.
// Errors are Faults "bad_config" that name the setting.
func mutualTLS(c config.HL7) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, tlsFault("hl7.tls_cert, hl7.tls_key", err)
	}
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if c.TLSCA == "" {
		return secure, nil
	}
	authority, err := os.ReadFile(c.TLSCA)
	if err != nil {
		return nil, tlsFault("hl7.tls_ca", err)
	}
	secure.ClientCAs = x509.NewCertPool()
	if !secure.ClientCAs.AppendCertsFromPEM(authority) {
		return nil, tlsFault("hl7.tls_ca", errors.New("no certificate in "+c.TLSCA))
	}
	secure.ClientAuth = tls.RequireAndVerifyClientCert
	return secure, nil
}

func tlsFault(setting string, cause error) error {
	return &fhirmap.Fault{
		Code: "bad_config", English: setting, Cause: cause,
		French: fmt.Sprintf("Le réglage %s est incorrect\u202f: %v. Corrigez-le, ou effacez-le pour écouter sans chiffrement.", setting, cause),
	}
}
