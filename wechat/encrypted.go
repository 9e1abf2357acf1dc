package wechat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"
	"unicode/utf8"
)

var (
	// ErrMalformed is returned, as a *FieldError, for open data that is refused
	// as it stands.
	ErrMalformed = errors.New("wechat: malformed open data")

	// ErrSessionKeyStale is returned when no key opens the data. What went
	// wrong inside is not told apart: a caller who could see which step failed
	// could decrypt without the key.
	ErrSessionKeyStale = errors.New("wechat: session key stale")
)

// FieldError names the input that is malformed and why, in words that may be
// shown to the client: they repeat nothing of the input. errors.Is(err,
// ErrMalformed) holds.
type FieldError struct {
	Field  string // "encryptedData", "iv", "rawData" or "signature"
	Reason string
}

// Error names the field and the reason.
func (e *FieldError) Error() string {
	return fmt.Sprintf("%v: %s %s", ErrMalformed, e.Field, e.Reason)
}

// Unwrap returns ErrMalformed.
func (e *FieldError) Unwrap() error { return ErrMalformed }

// maxEncrypted is the longest encryptedData that is read, in bytes of base64.
const maxEncrypted = 1 << 20

// Encrypted is open data as the mini program passes it on, well formed and not
// yet opened.
type Encrypted struct {
	iv     [aes.BlockSize]byte
	blocks []byte
}

// ParseEncrypted reads encryptedData and iv as the mini program got them:
// standard base64 without line breaks; an iv of 16 bytes; one or more whole
// blocks of 16 bytes, in at most 1 MiB of text. Otherwise the error is a
// *FieldError.
func ParseEncrypted(encryptedData, iv string) (Encrypted, error) {
	if len(encryptedData) > maxEncrypted {
		return Encrypted{}, &FieldError{"encryptedData", "is too long"}
	}
	blocks, ok := decodeBase64(encryptedData)
	if !ok {
		return Encrypted{}, &FieldError{"encryptedData", "is not base64"}
	}
	if len(blocks) == 0 || len(blocks)%aes.BlockSize != 0 {
		return Encrypted{}, &FieldError{"encryptedData", "is not made of 16-byte blocks"}
	}
	vector, ok := decodeBase64(iv)
	if !ok {
		return Encrypted{}, &FieldError{"iv", "is not base64"}
	}
	if len(vector) != aes.BlockSize {
		return Encrypted{}, &FieldError{"iv", "does not have 16 bytes"}
	}
	return Encrypted{iv: [aes.BlockSize]byte(vector), blocks: blocks}, nil
}

// Open decrypts the data with the first of keys that fits: AES-128-CBC, PKCS #7
// padding, UTF-8, a JSON object (WeChat: 开放数据校验与解密). Give the
// newest key first. The only error is ErrSessionKeyStale.
//
// CBC has no integrity: whoever holds the ciphertext can bend it. What is
// opened is a claim of the mini program's until Verify has accepted it, and
// even then it is no proof of who the user is.
func (e Encrypted) Open(keys ...SessionKey) (*OpenData, error) {
	for _, key := range keys {
		if d, ok := e.openWith(key); ok {
			return d, nil
		}
	}
	return nil, ErrSessionKeyStale
}

func (e Encrypted) openWith(key SessionKey) (*OpenData, bool) {
	raw, ok := key.bytes()
	if !ok || len(e.blocks) == 0 {
		return nil, false
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, false
	}
	plain := make([]byte, len(e.blocks))
	cipher.NewCBCDecrypter(block, e.iv[:]).CryptBlocks(plain, e.blocks)
	plain, ok = unpad(plain)
	// encoding/json would turn invalid UTF-8 into U+FFFD and go on.
	if !ok || !utf8.Valid(plain) {
		return nil, false
	}
	root, ok := parseObject(plain)
	if !ok {
		return nil, false
	}
	return newOpenData(string(plain), root, key), true
}

// unpad takes PKCS #7 padding of 1 to 16 bytes off. It looks at all 16 last
// bytes whatever it finds, so that its time does not tell how much of the
// padding was right. plain has at least one block.
func unpad(plain []byte) ([]byte, bool) {
	last := plain[len(plain)-aes.BlockSize:]
	size := int(last[aes.BlockSize-1])
	good := subtle.ConstantTimeLessOrEq(1, size) & subtle.ConstantTimeLessOrEq(size, aes.BlockSize)
	for i, b := range last {
		inside := subtle.ConstantTimeLessOrEq(aes.BlockSize-i, size)
		good &= subtle.ConstantTimeSelect(inside, subtle.ConstantTimeByteEq(b, byte(size)), 1)
	}
	if good == 0 {
		return nil, false
	}
	return plain[:len(plain)-size], true
}
