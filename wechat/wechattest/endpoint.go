package wechattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxBody bounds every request body, WeChat's side and the control API's.
const maxBody = 1 << 20

// endpoint is one of WeChat's paths.
type endpoint struct {
	method string
	// either is set where WeChat takes a POST for a GET, though it reads the
	// query alone: parameters in the body are as good as missing.
	either bool
	// authorised endpoints want an access_token in the query.
	authorised bool
	// contentType of a success; a failure is always text/plain.
	contentType string
	serve       func(*Simulator, *call) (any, error)
}

const (
	plainText = "text/plain"
	jsonText  = "application/json; charset=UTF-8"
	pngImage  = "image/png"
)

var endpoints = map[string]endpoint{
	"/sns/jscode2session": {
		method: http.MethodGet, either: true, contentType: plainText,
		serve: (*Simulator).code2Session,
	},
	"/cgi-bin/token": {
		method: http.MethodGet, either: true, contentType: jsonText,
		serve: (*Simulator).plainToken,
	},
	"/cgi-bin/stable_token": {
		method: http.MethodPost, contentType: jsonText,
		serve: (*Simulator).stableToken,
	},
	"/wxa/checksession": {
		method: http.MethodGet, authorised: true, contentType: jsonText,
		serve: (*Simulator).checkSession,
	},
	"/wxa/resetusersessionkey": {
		method: http.MethodGet, authorised: true, contentType: jsonText,
		serve: (*Simulator).resetSessionKey,
	},
	"/wxa/business/getuserphonenumber": {
		method: http.MethodPost, authorised: true, contentType: jsonText,
		serve: (*Simulator).phoneNumber,
	},
	"/wxa/getwxacodeunlimit": {
		method: http.MethodPost, authorised: true, contentType: pngImage,
		serve: (*Simulator).qrCode,
	},
	"/wxa/msg_sec_check": {
		method: http.MethodPost, authorised: true, contentType: jsonText,
		serve: (*Simulator).checkText,
	},
}

// call is one request as an endpoint sees it.
type call struct {
	method, path string
	query        url.Values
	body         []byte
	oversize     bool
	now          time.Time
	appID        string // whose call it is, once that is known
}

// answer is one response before it is sent.
type answer struct {
	status      int
	contentType string
	body        []byte
	errcode     errcode
}

func (s *Simulator) serveWeChat(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	c := &call{method: r.Method, path: r.URL.Path, query: r.URL.Query(), body: body, oversize: err != nil}
	a, fault := s.take(c)
	fault.send(w, r, a)
}

// take does what the call asks, or what a fault puts in its place, and
// writes it down. The fault it returns is what is still to befall the answer.
func (s *Simulator) take(c *call) (answer, Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.now()
	fault := s.nextFault(c.path)
	var a answer
	if fault.replaces() {
		a = s.faulty(fault, c)
	} else {
		a = s.answer(c)
	}
	s.record(c, a, fault)
	return a, fault
}

func (s *Simulator) answer(c *call) answer {
	e, known := endpoints[c.path]
	if !known {
		return s.failure(c, http.StatusNotFound, errURL)
	}
	body, err := s.dispatch(e, c)
	if err != nil {
		code := errSystem
		errors.As(err, &code)
		return s.failure(c, http.StatusOK, code)
	}
	return answer{status: http.StatusOK, contentType: e.contentType, body: body}
}

// dispatch asks the questions WeChat's gateway asks before the endpoint's own.
func (s *Simulator) dispatch(e endpoint, c *call) ([]byte, error) {
	if c.oversize {
		return nil, errBodySize
	}
	if e.authorised {
		if err := s.authorise(c); err != nil {
			return nil, err
		}
	}
	if err := e.admit(c.method); err != nil {
		return nil, err
	}
	v, err := e.serve(s, c)
	if err != nil {
		return nil, err
	}
	if image, is := v.([]byte); is {
		return image, nil
	}
	return encode(v)
}

func (e endpoint) admit(method string) error {
	switch {
	case method == e.method, e.either && method == http.MethodPost:
		return nil
	case e.method == http.MethodPost:
		return errRequirePOST
	default:
		return errRequireGET
	}
}

// decode reads the JSON body of a POST.
func (c *call) decode(v any) error {
	if len(c.body) == 0 {
		return errEmptyBody
	}
	if json.Unmarshal(c.body, v) != nil {
		return errFormat
	}
	return nil
}

// failure answers as WeChat does: the errcode, its text, and a rid that
// begins with the time in hex.
func (s *Simulator) failure(c *call, status int, code errcode) answer {
	n := s.fresh(8, "rid")
	msg := fmt.Sprintf("%s, rid: %08x-%x-%x", code.Error(), uint32(c.now.Unix()), n[:4], n[4:])
	body, err := encode(success{ErrCode: int(code), ErrMsg: msg})
	if err != nil {
		return answer{status: http.StatusInternalServerError, contentType: plainText, errcode: errSystem}
	}
	return answer{status: status, contentType: plainText, body: body, errcode: code}
}

// encode writes JSON the way WeChat does, with < > & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.contentType)
	w.WriteHeader(a.status)
	w.Write(a.body) // the reader may have left; there is nobody to tell
}
