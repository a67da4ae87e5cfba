package mysql

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// tlsArgs are the arguments by which a server speaks TLS.
func tlsArgs(t *testing.T) []string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	lab.Must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	lab.Must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	lab.Must(t, err)
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		file := filepath.Join(dir, name)
		lab.Must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o644))
		return file
	}
	return []string{"--ssl-cert=" + write("cert.pem", "CERTIFICATE", der), "--ssl-key=" + write("key.pem", "PRIVATE KEY", private)}
}
