package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"menshen/store/seal"
)

const keyLine = "menshen-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func keyFile(t *testing.T, text string) seal.KeyFile {
	t.Helper()
	name := filepath.Join(t.TempDir(), "menshen.key")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return seal.KeyFile(name)
}

func TestKeyFileIsMadeOnce(t *testing.T) {
	file := seal.KeyFile(filepath.Join(t.TempDir(), "menshen.key"))
	if _, err := file.Key(false); !errors.Is(err, seal.ErrNoKeyFile) {
		t.Errorf("error %v, want ErrNoKeyFile", err)
	}
	if _, err := os.Stat(string(file)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made all the same: %v", err)
	}
	made := must(t, func() (seal.Key, error) { return file.Key(true) })
	before := must(t, func() ([]byte, error) { return os.ReadFile(string(file)) })
	ring := must(t, func() ([]byte, error) { return newRing(t).Marshal(made) })
	for _, create := range []bool{true, false} {
		read := must(t, func() (seal.Key, error) { return file.Key(create) })
		if _, err := seal.OpenRing(read, ring); err != nil {
			t.Errorf("read again: %v", err)
		}
	}
	if after := must(t, func() ([]byte, error) { return os.ReadFile(string(file)) }); !bytes.Equal(before, after) {
		t.Error("reading it changed it")
	}
	info := must(t, func() (fs.FileInfo, error) { return os.Stat(string(file)) })
	if info.Mode() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

func TestKeyFilesDiffer(t *testing.T) {
	if _, err := seal.OpenRing(newKey(t), must(t, func() ([]byte, error) { return newRing(t).Marshal(newKey(t)) })); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("a second key file opens what the first sealed: %v", err)
	}
}

func TestKeyFileIsRead(t *testing.T) {
	want := must(t, func() (seal.Key, error) { return keyFile(t, keyLine+"\n").Key(false) })
	ring := must(t, func() ([]byte, error) { return newRing(t).Marshal(want) })
	for name, text := range map[string]string{
		"without a line's end":        keyLine,
		"with Windows' line ends":     "# a comment\r\n" + keyLine + "\r\n",
		"with comments around":        "# one\n\n#two\n" + keyLine + "\n# three\n",
		"with spaces around":          "  \t" + keyLine + "  \n",
		"with the key in a comment":   "# " + strings.ReplaceAll(keyLine, "AAEC", "BBBB") + "\n" + keyLine + "\n",
		"with a byte order mark":      "\ufeff# a comment\n" + keyLine + "\n",
		"with something else besides": "some words\n" + keyLine + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			key, err := keyFile(t, text).Key(false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := seal.OpenRing(key, ring); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKeyFileIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                   "",
		"with comments alone":     "# Seals the key ring\n",
		"truncated":               keyLine[:len(keyLine)-9],
		"truncated to whole text": keyLine[:len(keyLine)-8],
		"without its key":         "menshen-key-1:\n",
		"with a longer key":       "menshen-key-1:" + base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"with a shorter key":      "menshen-key-1:" + base64.StdEncoding.EncodeToString(make([]byte, 16)),
		"of another version":      strings.Replace(keyLine, "key-1", "key-2", 1),
		"with the key commented":  "# " + keyLine,
		"binary":                  "\x00\x01\x02\xff",
	} {
		t.Run(name, func(t *testing.T) {
			file := keyFile(t, text)
			_, err := file.Key(true)
			if !errors.Is(err, seal.ErrBadKeyFile) {
				t.Errorf("error %v, want ErrBadKeyFile", err)
			}
			if after := must(t, func() ([]byte, error) { return os.ReadFile(string(file)) }); string(after) != text {
				t.Error("it was written over")
			}
		})
	}
}

func TestKeyFileThatCannotBeRead(t *testing.T) {
	for name, path := range map[string]string{
		"a directory":         t.TempDir(),
		"a path to nowhere":   filepath.Join("/proc", "none", "menshen.key"),
		"a path with a zero":  "menshen\x00.key",
		"a path of a file in": filepath.Join(string(keyFile(t, keyLine)), "menshen.key"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := seal.KeyFile(path).Key(true); err == nil {
				t.Error("a key came of it")
			}
		})
	}
}

// TestKeyFileIsNotWrittenThroughALink makes what looks absent to a reader and
// is there for a writer, as a file is that another process has just made.
func TestKeyFileIsNotWrittenThroughALink(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "menshen.key"), filepath.Join(dir, "elsewhere.key")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.KeyFile(link).Key(true); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want ErrExist", err)
	}
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key was written through the link: %v", err)
	}
}

// TestKeyFileIsMadeByOne starts several at once: those who do not make the file
// fail, or read what was made.
func TestKeyFileIsMadeByOne(t *testing.T) {
	file := seal.KeyFile(filepath.Join(t.TempDir(), "menshen.key"))
	keys, failures := make(chan seal.Key, 16), make(chan error, 16)
	for range cap(keys) {
		go func() {
			key, err := file.Key(true)
			if err != nil {
				failures <- err
				return
			}
			keys <- key
		}()
	}
	ring := newRing(t)
	var text []byte
	for made := range cap(keys) {
		select {
		case err := <-failures:
			if !errors.Is(err, fs.ErrExist) && !errors.Is(err, seal.ErrBadKeyFile) {
				t.Errorf("starter %d: %v", made, err)
			}
		case key := <-keys:
			if text == nil {
				text = must(t, func() ([]byte, error) { return ring.Marshal(key) })
			}
			if _, err := seal.OpenRing(key, text); err != nil {
				t.Errorf("two keys were made: %v", err)
			}
		}
	}
	if text == nil {
		t.Error("none made the key")
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	key := must(t, func() (seal.Key, error) { return keyFile(t, keyLine).Key(false) })
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		text := fmt.Sprintf(verb, key) + fmt.Sprintf(verb, &key)
		for _, spelled := range []string{"AAECAwQF", "\x00\x01\x02\x03", "0001020304", "0 1 2 3 4 5", "0x0, 0x1, 0x2"} {
			if strings.Contains(text, spelled) {
				t.Errorf("%s prints the key: %s", verb, text)
			}
		}
	}
}
