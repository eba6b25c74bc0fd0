package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// A sealer encrypts secrets at rest with AES-256-GCM. Its key is made at start
// and kept in memory only; a server that outlives its process takes it from a
// key service instead.
type sealer struct{ aead cipher.AEAD }

func newSealer() (*sealer, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the cipher for secrets: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("making the cipher for secrets: %w", err)
	}
	return &sealer{aead}, nil
}

var errUnreadable = errors.New("the secret cannot be decrypted")

// seal encrypts a value for one place: a sealed value that is moved to another
// scope or name does not open there.
func (s *sealer) seal(workspace, name, value string) []byte {
	return s.aead.Seal(nil, nil, []byte(value), place(workspace, name))
}

func (s *sealer) open(workspace, name string, sealed []byte) (string, error) {
	value, err := s.aead.Open(nil, nil, sealed, place(workspace, name))
	if err != nil {
		return "", errUnreadable
	}
	return string(value), nil
}

func place(workspace, name string) []byte { return []byte(workspace + "\x00" + name) }
