package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Keyring encrypts what must not lie open in the database. The first key writes, all read.
type Keyring struct{ keys []sealingKey }

type sealingKey struct {
	id   byte
	raw  []byte
	aead cipher.AEAD
}

// Blind turns a text into one that cannot be guessed or turned back without the keys, always the same for the same text.
// The oldest key makes it, so that a new first key does not change it.
func (s *Store) Blind(text string) string {
	mac := hmac.New(sha256.New, s.keys.keys[len(s.keys.keys)-1].raw)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil)[:12])
}

// NewKeyring reads keys written as "id:base64 of 32 bytes", ids 1 to 255.
func NewKeyring(texts []string) (Keyring, error) {
	var ring Keyring
	for i, text := range texts {
		idText, keyText, _ := strings.Cut(strings.TrimSpace(text), ":")
		var id byte
		if _, err := fmt.Sscan(idText, &id); err != nil || id == 0 {
			return Keyring{}, fmt.Errorf("secrets.keys[%d]: want a number from 1 to 255, a colon and a key in base64", i)
		}
		raw, err := base64.StdEncoding.DecodeString(keyText)
		if err != nil || len(raw) != 32 {
			return Keyring{}, fmt.Errorf("secrets.keys[%d]: the key must be 32 bytes in base64", i)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return Keyring{}, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return Keyring{}, err
		}
		ring.keys = append(ring.keys, sealingKey{id, raw, aead})
	}
	if len(ring.keys) == 0 {
		return Keyring{}, errors.New("secrets.keys: at least one key is needed")
	}
	return ring, nil
}

// KeyringIn reads the key file of a data directory and makes it at the first start.
func KeyringIn(dir string) (Keyring, error) {
	path := filepath.Join(dir, "secrets.keys")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if text, err = makeKey(dir, path); err != nil {
			return Keyring{}, err
		}
	} else if err != nil {
		return Keyring{}, fmt.Errorf("read the secrets file: %w", err)
	}
	return NewKeyring(strings.Fields(string(text)))
}

// makeKey writes a fresh key whole or not at all; of two processes that try at once the first one's key stays.
func makeKey(dir, path string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	temp, err := os.CreateTemp(dir, "secrets.*")
	if err != nil {
		return nil, fmt.Errorf("write the secrets file: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	if _, err := temp.WriteString("1:" + base64.StdEncoding.EncodeToString(raw) + "\n"); err != nil {
		return nil, fmt.Errorf("write the secrets file: %w", err)
	}
	if err := errors.Join(temp.Sync(), temp.Close()); err != nil {
		return nil, fmt.Errorf("write the secrets file: %w", err)
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("write the secrets file: %w", err)
	}
	return os.ReadFile(path)
}

// seal encrypts a secret for one place (table, column and row): moved elsewhere it does not open.
func (k Keyring) seal(secret, place string) []byte {
	if secret == "" {
		return nil
	}
	first := k.keys[0]
	return first.aead.Seal([]byte{first.id}, nil, []byte(secret), []byte(place))
}

// open decrypts what seal made for the same place.
func (k Keyring) open(sealed []byte, place string) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	for _, key := range k.keys {
		if key.id != sealed[0] {
			continue
		}
		plain, err := key.aead.Open(nil, nil, sealed[1:], []byte(place))
		if err != nil {
			return "", fmt.Errorf("open the secret of %s: %w", place, err)
		}
		return string(plain), nil
	}
	return "", fmt.Errorf("open the secret of %s: key %s is not in secrets.keys", place, hex.EncodeToString(sealed[:1]))
}
