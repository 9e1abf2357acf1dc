package wechattest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type loginRequest struct {
	AppID  string `json:"appId"`
	User   string `json:"user"`
	Rotate *bool  `json:"rotate"`
}

type dataRequest struct {
	AppID   string         `json:"appId"`
	User    string         `json:"user"`
	Kind    string         `json:"kind"`
	Payload map[string]any `json:"payload"`
}

type phoneRequest struct {
	AppID       string `json:"appId"`
	User        string `json:"user"`
	PhoneNumber string `json:"phoneNumber"`
}

type bindRequest struct {
	AppIDs []string `json:"appIds"`
}

type clockRequest struct {
	Advance string `json:"advance"`
}

type codeReply struct {
	Code string `json:"code"`
}

type clockReply struct {
	Now time.Time `json:"now"`
}

type done struct{}

// controlHandler is the control API: the Go methods, spoken in JSON.
func (s *Simulator) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /sim/login", jsonHandler(s.controlLogin))
	mux.Handle("POST /sim/data", jsonHandler(s.controlData))
	mux.Handle("POST /sim/phone-code", jsonHandler(s.controlPhoneCode))
	mux.Handle("POST /sim/bind", jsonHandler(s.controlBind))
	mux.Handle("POST /sim/faults", jsonHandler(s.controlFaults))
	mux.Handle("POST /sim/clock", jsonHandler(s.controlClock))
	mux.Handle("POST /sim/push", jsonHandler(s.Push))
	mux.HandleFunc("GET /sim/calls", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Calls()) })
	mux.HandleFunc("GET /sim/state", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.state()) })
	mux.HandleFunc("/sim/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "the control API has no such path and method")
	})
	return guard(mux)
}

func (s *Simulator) controlLogin(_ context.Context, in loginRequest) (Login, error) {
	return s.login(in.AppID, in.User, in.Rotate)
}

func (s *Simulator) controlData(_ context.Context, in dataRequest) (OpenData, error) {
	return s.Data(in.AppID, in.User, in.Kind, in.Payload)
}

func (s *Simulator) controlPhoneCode(_ context.Context, in phoneRequest) (codeReply, error) {
	code, err := s.PhoneCode(in.AppID, in.User, in.PhoneNumber)
	return codeReply{Code: code}, err
}

func (s *Simulator) controlBind(_ context.Context, in bindRequest) (done, error) {
	return done{}, s.Bind(in.AppIDs...)
}

func (s *Simulator) controlFaults(_ context.Context, in wireFault) (done, error) {
	f, err := in.fault()
	if err != nil {
		return done{}, err
	}
	return done{}, s.Fault(f)
}

func (s *Simulator) controlClock(_ context.Context, in clockRequest) (clockReply, error) {
	d, err := time.ParseDuration(in.Advance)
	if err != nil {
		return clockReply{}, fmt.Errorf("%w: advance is a duration like 5m", ErrInvalid)
	}
	err = s.Advance(d)
	return clockReply{Now: s.state().Now}, err
}

// jsonHandler turns a method into a handler.
func jsonHandler[In, Out any](do func(context.Context, In) (Out, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := read(w, r, &in); err != nil {
			refuse(w, http.StatusBadRequest, sentence(err))
			return
		}
		out, err := do(r.Context(), in)
		switch {
		case errors.Is(err, ErrUndelivered):
			refuse(w, http.StatusBadGateway, sentence(err))
		case err != nil:
			refuse(w, http.StatusBadRequest, sentence(err))
		default:
			reply(w, out)
		}
	})
}

// read decodes one JSON object and nothing else, so that a misspelt field is
// an error and not a surprise.
func read(w http.ResponseWriter, r *http.Request, in any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(in); err != nil {
		return fmt.Errorf("%w: the body does not fit: %w", ErrInvalid, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the body is one JSON object", ErrInvalid)
	}
	return nil
}

// sentence is an error for people of any language, without our package's name.
func sentence(err error) string { return strings.TrimPrefix(err.Error(), "wechattest: ") }

func reply(w http.ResponseWriter, v any) {
	body, err := encode(v)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the answer is not JSON")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	answer{status: http.StatusOK, contentType: "application/json", body: body}.write(w)
}

func refuse(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": sentence}) // the reader may have left
}
