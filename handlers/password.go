package handlers

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
)

// The cost of one password: 19 MiB, twice over (STACK.md).
const (
	hashMemory = 19 * 1024
	hashTimes  = 2
	hashSize   = 32
)

// hashing bounds how many passwords are worked on at once, and with it the memory that strangers can have us take.
var hashing = make(chan struct{}, 4)

// HashPassword makes what is kept of a password: argon2id in PHC form.
func HashPassword(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	sum := argon2.IDKey([]byte(password), salt, hashTimes, hashMemory, 1, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, hashMemory, hashTimes, plain64(salt), plain64(sum))
}

func plain64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// isPassword tells whether a kept hash is of this password. What is no hash of ours fits nothing.
func isPassword(kept, password string) bool {
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var version int
	var memory, times uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &times, &lanes); err != nil ||
		version != argon2.Version || memory > 1<<18 || times < 1 || times > 16 || lanes < 1 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || err2 != nil || len(sum) == 0 {
		return false
	}
	return subtle.ConstantTimeCompare(sum, argon2.IDKey([]byte(password), salt, times, memory, lanes, uint32(len(sum)))) == 1
}

// nobody is what an unknown address is compared with, so that it takes as long as a known one.
var nobody = sync.OnceValue(func() string { return HashPassword(newToken(16)) })

// inTurn waits for a place among the passwords being worked on.
func inTurn(ctx context.Context, do func() error) error {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		return do()
	case <-ctx.Done():
		return ctx.Err()
	}
}
