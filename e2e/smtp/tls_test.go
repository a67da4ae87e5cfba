package smtp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// certificate makes one that nobody knows, and returns the lines of main.cf
// that let Postfix use it.
func certificate(t testing.TB) []string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	lab.Must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mx.example.com"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	lab.Must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	lab.Must(t, err)
	file := filepath.Join(t.TempDir(), "cert.pem")
	lab.Must(t, os.WriteFile(file, append(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...), 0o600))
	return []string{"smtpd_tls_security_level = may", "smtpd_tls_chain_files = " + file}
}

// sendByTLS sends a mail after STARTTLS.
func sendByTLS(addr string) error {
	c, err := smtp.DialStartTLS(addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SendMail("eve@sender.example", []string{"alice@example.com"}, strings.NewReader(hello)); err != nil {
		return err
	}
	return c.Quit()
}
