package wechat

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vectors are other people's test data, kept outside the repository.
const vectors = "../../shared/vectors"

// vector is a file of that directory. Each kind uses some of the members.
type vector struct {
	AppID         string     `json:"appid"`
	SessionKey    SessionKey `json:"session_key"`
	IV            string     `json:"iv"`
	EncryptedData string     `json:"encryptedData"`
	RawData       string     `json:"rawData"`
	Message       string     `json:"message"`
	Expected      string     `json:"expected"`
}

// eachVector runs test over the files that match pattern, of which there must
// be at least one.
func eachVector(t *testing.T, pattern string, test func(t *testing.T, v vector)) {
	t.Helper()
	if _, err := os.Stat(vectors); err != nil && os.Getenv("CI") != "true" {
		t.Skip("the shared vectors are not beside this clone")
	}
	paths, err := filepath.Glob(filepath.Join(vectors, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no vector matches %s (%v)", pattern, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var v vector
			readJSON(t, path, &v)
			test(t, v)
		})
	}
}

func (v vector) open() (*OpenData, error) {
	e, err := ParseEncrypted(v.EncryptedData, v.IV)
	if err != nil {
		return nil, err
	}
	return e.Open(v.SessionKey)
}

func TestVectorsDecrypt(t *testing.T) {
	kinds := map[string]string{
		"wxa-decrypt-official-userinfo":   "user info",
		"wxa-decrypt-rust-share-opengid":  "share",
		"wxa-decrypt-rust-werun":          "werun",
		"wxa-decrypt-skit-phone-redacted": "phone",
	}
	for file, kind := range kinds {
		eachVector(t, file+".json", func(t *testing.T, v vector) {
			d, err := v.open()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(v.Expected, d.JSON); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
			if got := kindOf(d); got != kind {
				t.Errorf("kind = %s, want %s", got, kind)
			}
			if v.AppID != "" {
				verifyVector(t, v, d)
			}
		})
	}
}

func verifyVector(t *testing.T, v vector, d *OpenData) {
	t.Helper()
	openID := d.UserInfo.OpenID
	if err := d.Verify(v.AppID, openID); err != nil {
		t.Errorf("Verify = %v", err)
	}
	if err := d.Verify("wx0000000000000000", openID); !errors.Is(err, ErrWrongApp) {
		t.Errorf("Verify for another app = %v, want ErrWrongApp", err)
	}
	if err := d.Verify(v.AppID, openID+"x"); !errors.Is(err, ErrWrongApp) {
		t.Errorf("Verify for another user = %v, want ErrWrongApp", err)
	}
}

func TestVectorsThatMustNotOpen(t *testing.T) {
	for file, want := range map[string]error{
		"neg-wxa-decrypt-easywechat-prefixed": ErrMalformed,
		"neg-wxa-decrypt-official-iv-typo":    ErrSessionKeyStale,
		"neg-wxa-decrypt-wxjava-stale-key":    ErrSessionKeyStale,
	} {
		eachVector(t, file+".json", func(t *testing.T, v vector) {
			if _, err := v.open(); !errors.Is(err, want) {
				t.Errorf("err = %v, want %v", err, want)
			}
		})
	}
}

func TestVectorsRawData(t *testing.T) {
	eachVector(t, "rawdata-sig-*.json", func(t *testing.T, v vector) {
		d := OpenData{key: v.SessionKey}
		if err := d.VerifyRawData(v.RawData, v.Expected); err != nil {
			t.Errorf("VerifyRawData = %v", err)
		}
		if err := d.VerifyRawData(v.RawData+" ", v.Expected); err != ErrSignatureMismatch {
			t.Errorf("VerifyRawData of other data = %v, want ErrSignatureMismatch", err)
		}
	})
}

func TestVectorsHMAC(t *testing.T) {
	eachVector(t, "session-hmac-*.json", func(t *testing.T, v vector) {
		if got := v.SessionKey.HMAC([]byte(v.Message)); got != v.Expected {
			t.Errorf("HMAC = %s, want %s", got, v.Expected)
		}
	})
}
