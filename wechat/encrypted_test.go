package wechat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// seal encrypts plain as WeChat does, with an iv of zeros. What openssl made is
// in testdata; this is for shapes by the dozen.
func seal(t testing.TB, plain string) Encrypted {
	t.Helper()
	key, ok := SessionKey(testKey).bytes()
	if !ok {
		t.Fatal("testKey is not a key")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	size := aes.BlockSize - len(plain)%aes.BlockSize
	e := Encrypted{blocks: append([]byte(plain), bytes.Repeat([]byte{byte(size)}, size)...)}
	cipher.NewCBCEncrypter(block, e.iv[:]).CryptBlocks(e.blocks, e.blocks)
	return e
}

// bend rewrites the first block of what e decrypts to from old to new, without
// the key.
func bend(e Encrypted, old, new string) Encrypted {
	for i := range e.iv {
		e.iv[i] ^= old[i] ^ new[i]
	}
	return e
}

func TestParseEncrypted(t *testing.T) {
	iv, block := encode(make([]byte, 16)), encode(make([]byte, 16))
	for name, test := range map[string]struct {
		data, iv string
		field    string // "" when it is taken
	}{
		"one block":                       {block, iv, ""},
		"as many as fit":                  {strings.Repeat("A", 1<<20), iv, ""},
		"no data":                         {"", iv, "encryptedData"},
		"too much data":                   {strings.Repeat("A", 1<<20+4), iv, "encryptedData"},
		"half a block":                    {encode(make([]byte, 8)), iv, "encryptedData"},
		"a block and a byte":              {encode(make([]byte, 17)), iv, "encryptedData"},
		"data not base64":                 {"%" + block[1:], iv, "encryptedData"},
		"data of the URL alphabet":        {"_" + block[1:], iv, "encryptedData"},
		"data without padding":            {strings.TrimRight(block, "="), iv, "encryptedData"},
		"data with a newline":             {block[:4] + "\n" + block[4:], iv, "encryptedData"},
		"data with a carriage return":     {block + "\r", iv, "encryptedData"},
		"plus turned space in a form":     {" " + block[1:], iv, "encryptedData"},
		"no iv":                           {block, "", "iv"},
		"iv of 15 bytes":                  {block, encode(make([]byte, 15)), "iv"},
		"iv of 17 bytes":                  {block, encode(make([]byte, 17)), "iv"},
		"iv of 32 bytes":                  {block, encode(make([]byte, 32)), "iv"},
		"iv not base64":                   {block, "中" + iv[3:], "iv"},
		"iv with a newline":               {block, iv + "\n", "iv"},
		"both wrong: data is named first": {"", "", "encryptedData"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseEncrypted(test.data, test.iv)
			if test.field == "" {
				if err != nil {
					t.Errorf("err = %v, want none", err)
				}
				return
			}
			var fault *FieldError
			told := errors.As(err, &fault) && fault.Field == test.field && fault.Reason != ""
			if !told || !errors.Is(err, ErrMalformed) {
				t.Errorf("err = %v, want a *FieldError of %s", err, test.field)
			}
		})
	}
}

func TestOpenTestdata(t *testing.T) {
	for _, name := range []string{"profile", "phone", "werun", "share", "two-blocks", "one-block"} {
		t.Run(name, func(t *testing.T) {
			p := readPayload(t, name)
			d, err := p.open(t)
			if err != nil {
				t.Fatal(err)
			}
			if d.JSON != string(p.Plaintext) {
				t.Errorf("JSON = %s, want %s", d.JSON, p.Plaintext)
			}
		})
	}
	for _, name := range []string{
		"no-padding", "padding-zero", "padding-long", "padding-uneven",
		"not-utf8", "not-object", "two-objects", "name-twice",
	} {
		t.Run(name, func(t *testing.T) {
			// Compared as values: whatever went wrong, the caller gets one and
			// the same error.
			if d, err := readPayload(t, name).open(t); d != nil || err != ErrSessionKeyStale {
				t.Errorf("Open = %v, %v, want ErrSessionKeyStale itself", d, err)
			}
		})
	}
}

func TestOpenWithSeveralKeys(t *testing.T) {
	p := readPayload(t, "share")
	right, wrong := p.SessionKey, readPayload(t, "phone").SessionKey
	e, err := ParseEncrypted(p.EncryptedData, p.IV)
	if err != nil {
		t.Fatal(err)
	}
	unusable := []SessionKey{
		"", "not base64", "c2hvcnQ=", right + "\n",
		SessionKey(encode(make([]byte, 24))), SessionKey(encode(make([]byte, 32))),
	}
	for name, test := range map[string]struct {
		keys []SessionKey
		want bool
	}{
		"the only key":        {[]SessionKey{right}, true},
		"newest fits":         {[]SessionKey{right, wrong}, true},
		"an earlier one fits": {[]SessionKey{wrong, wrong, right}, true},
		"after unusable ones": {append(unusable, right), true},
		"none fits":           {[]SessionKey{wrong, wrong}, false},
		"all unusable":        {unusable, false},
		"no key":              {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := e.Open(test.keys...)
			if test.want && (err != nil || d.Share == nil || d.key != right) {
				t.Errorf("Open = %v, %v, want the share under its own key", d, err)
			}
			if !test.want && (d != nil || err != ErrSessionKeyStale) {
				t.Errorf("Open = %v, %v, want ErrSessionKeyStale itself", d, err)
			}
		})
	}
}

func TestOpenTheZeroEncrypted(t *testing.T) {
	if _, err := (Encrypted{}).Open(testKey); err != ErrSessionKeyStale {
		t.Errorf("err = %v, want ErrSessionKeyStale", err)
	}
}

// Two blocks, for every value of the last byte and one byte of the padding
// spoilt in turn.
func TestUnpad(t *testing.T) {
	for size := range 256 {
		plain := bytes.Repeat([]byte{byte(size)}, 32)
		got, ok := unpad(plain)
		if want := 1 <= size && size <= 16; ok != want || ok && len(got) != 32-size {
			t.Errorf("padding of %d: %d bytes left, %t, want %t", size, len(got), ok, want)
		}
		for back := 2; back <= 32; back++ {
			spoilt := bytes.Clone(plain)
			spoilt[32-back] ^= 0x80
			if _, ok := unpad(spoilt); ok != (1 <= size && size <= 16 && back > size) {
				t.Errorf("padding of %d with byte %d from the end spoilt: %t", size, back, ok)
			}
		}
	}
}

func TestFieldErrorRepeatsNothing(t *testing.T) {
	_, err := ParseEncrypted("canary-data", "canary-iv")
	if err == nil || strings.Contains(fmt.Sprintf("%v %#v", err, err), "canary") {
		t.Errorf("err = %#v", err)
	}
}
