package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

var (
	// ErrNoKeyFile is returned when the key file of an existing store is gone.
	ErrNoKeyFile = errors.New("seal: the key file does not exist")

	// ErrBadKeyFile is returned when a key file does not hold a key.
	ErrBadKeyFile = errors.New("seal: not a key file of menshen")

	// ErrWrongKey is returned when a key does not open the key ring: it is another
	// store's, or the ring is damaged; the two cannot be told apart.
	ErrWrongKey = errors.New("seal: the key file does not open this store: it belongs to another one, or the store is damaged")
)

const (
	keyLine    = "menshen-key-1:"
	keyBytes   = 32
	keyComment = `# Seals the key ring of a Menshen store. Without it no secret in the store can be
# opened again; with it and the store, all of them can. Back it up apart from the store.
`
)

// Key opens and closes a key ring.
type Key struct{ aead tink.AEAD }

// KeyFile is the path of a file that holds the key.
type KeyFile string

// Key reads the key. When the file does not exist, it makes one with mode 0600
// if create is true, durable on return, and otherwise fails with ErrNoKeyFile.
// ErrBadKeyFile when the file holds something else.
func (f KeyFile) Key(create bool) (Key, error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		if !create {
			return Key{}, fmt.Errorf("%w: %s", ErrNoKeyFile, f)
		}
		if text, err = f.create(); err != nil {
			return Key{}, fmt.Errorf("seal: make key file: %w", err)
		}
	} else if err != nil {
		return Key{}, fmt.Errorf("seal: read key file: %w", err)
	}
	key, err := parseKey(string(text))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %s", err, f)
	}
	return key, nil
}

func (f KeyFile) create() ([]byte, error) {
	secret := make([]byte, keyBytes)
	rand.Read(secret)
	text := []byte(keyComment + keyLine + base64.StdEncoding.EncodeToString(secret) + "\n")
	dir := filepath.Dir(string(f))
	if err := MakeDir(dir); err != nil {
		return nil, err
	}
	// Written whole under another name and then linked: a crash leaves no half
	// key, and of two processes that start at once one fails here rather than
	// sealing a ring with a key about to be lost.
	whole, err := writeTemp(dir, text)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Link(whole, string(f)), os.Remove(whole)); err != nil {
		return nil, err
	}
	return text, SyncDir(dir)
}

// writeTemp writes a new file with mode 0600, durably, and returns its name.
func writeTemp(dir string, text []byte) (name string, err error) {
	file, err := os.CreateTemp(dir, ".menshen-key-*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

func parseKey(text string) (Key, error) {
	for line := range strings.Lines(text) {
		encoded, ok := strings.CutPrefix(strings.TrimSpace(line), keyLine)
		if !ok {
			continue
		}
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(secret) != keyBytes {
			return Key{}, ErrBadKeyFile
		}
		aead, err := subtle.NewAESGCM(secret)
		if err != nil {
			return Key{}, ErrBadKeyFile
		}
		return Key{aead}, nil
	}
	return Key{}, ErrBadKeyFile
}
