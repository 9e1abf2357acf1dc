package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"menshen/store"
)

type exportCommand struct {
	storeSettings `embed:""`
	User          string `arg:"" help:"The user's id, or one from before a merge."`
}

// Run prints everything held about a user.
func (c exportCommand) Run(ctx context.Context, env environment) error {
	return c.perform(ctx, "export", c.User, env.stdout)
}

func export(ctx context.Context, h holder, userID string, w io.Writer) error {
	held, err := h.store.Export(ctx, userID)
	if errors.Is(err, store.ErrNotFound) {
		return errors.New("there is no such user")
	}
	if err != nil {
		return err
	}
	return newDossier(held).print(w)
}

// dossier is a store.Export as JSON, named as in the schema. It shows the phone
// number, which a store.Phone hides.
type dossier struct {
	User        exportedUser      `json:"user"`
	Sessions    []exportedSession `json:"sessions"`
	AuditEvents []exportedEvent   `json:"auditEvents"`
}

type exportedUser struct {
	ID              string             `json:"id"`
	FormerIDs       []string           `json:"formerIds,omitempty"`
	Role            store.Role         `json:"role"`
	Status          store.Status       `json:"status"`
	BlockedAt       time.Time          `json:"blockedAt,omitzero"`
	BlockedReason   store.Optional     `json:"blockedReason,omitempty"`
	UnionID         store.Optional     `json:"unionId,omitempty"`
	EarlierUnionIDs []string           `json:"earlierUnionIds,omitempty"`
	Identities      []exportedIdentity `json:"identities"`
	Profile         exportedProfile    `json:"profile"`
	Phone           *exportedPhone     `json:"phoneNumber,omitempty"`
	CreatedAt       time.Time          `json:"createdAt"`
	LastLoginAt     time.Time          `json:"lastLoginAt,omitzero"`
	LoginCount      int                `json:"loginCount"`
}

type exportedIdentity struct {
	AppID    string    `json:"appId"`
	OpenID   string    `json:"openId"`
	LinkedAt time.Time `json:"linkedAt"`
	ActiveOn string    `json:"lastActiveOn,omitempty"`
}

type exportedProfile struct {
	NickName  store.Optional `json:"nickName,omitempty"`
	AvatarURL store.Optional `json:"avatarUrl,omitempty"`
	Gender    store.Gender   `json:"gender,omitempty"` // as WeChat counts it
	Language  store.Optional `json:"language,omitempty"`
	City      store.Optional `json:"city,omitempty"`
	Province  store.Optional `json:"province,omitempty"`
	Country   store.Optional `json:"country,omitempty"`
	UpdatedAt time.Time      `json:"updatedAt,omitzero"`
}

type exportedPhone struct {
	Number      string    `json:"phoneNumber"`
	PureNumber  string    `json:"purePhoneNumber"`
	CountryCode string    `json:"countryCode"`
	BoundAt     time.Time `json:"boundAt,omitzero"`
}

type exportedSession struct {
	ID         string         `json:"id"`
	UserID     string         `json:"userId"`
	AppID      string         `json:"appId"`
	OpenID     string         `json:"openId"`
	CreatedAt  time.Time      `json:"createdAt"`
	LastUsedAt time.Time      `json:"lastUsedAt"`
	ExpiresAt  time.Time      `json:"expiresAt"`
	UserAgent  store.Optional `json:"userAgent,omitempty"`
	IPAddress  store.Optional `json:"ipAddress,omitempty"`
	Blocked    bool           `json:"blocked,omitempty"`
}

type exportedEvent struct {
	ID        string         `json:"id"`
	At        time.Time      `json:"at"`
	Action    string         `json:"action"`
	Actor     string         `json:"actor,omitempty"`
	UserID    store.Optional `json:"userId,omitempty"`
	IPAddress store.Optional `json:"ipAddress,omitempty"`
	Detail    store.Optional `json:"detail,omitempty"`
}

// controls are what encoding/json lets through and a terminal may obey: DEL, C1,
// and the characters that turn the direction of writing (Unicode: Bidi_Control).
var controls = regexp.MustCompile(`[\x{7f}-\x{9f}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]`)

// print writes the dossier for people to read.
func (d dossier) print(w io.Writer) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(d); err != nil {
		return err
	}
	_, err := w.Write(controls.ReplaceAllFunc(text.Bytes(), func(character []byte) []byte {
		return fmt.Appendf(nil, `\u%04x`, []rune(string(character))[0])
	}))
	return err
}

func newDossier(held store.Export) dossier {
	d := dossier{User: newExportedUser(held.User), Sessions: []exportedSession{}, AuditEvents: []exportedEvent{}}
	for _, s := range held.Sessions {
		d.Sessions = append(d.Sessions, exportedSession{
			ID: s.ID, UserID: s.UserID, AppID: s.AppID, OpenID: s.OpenID,
			CreatedAt: s.CreatedAt, LastUsedAt: s.LastUsedAt, ExpiresAt: s.ExpiresAt,
			UserAgent: s.UserAgent, IPAddress: s.IPAddress, Blocked: s.Blocked,
		})
	}
	for _, e := range held.Events {
		d.AuditEvents = append(d.AuditEvents, exportedEvent(e))
	}
	return d
}

func newExportedUser(u store.User) exportedUser {
	e := exportedUser{
		ID: u.ID, FormerIDs: u.FormerIDs, Role: u.Role,
		Status: u.Status(), BlockedAt: u.BlockedAt, BlockedReason: u.BlockedReason,
		UnionID: u.UnionID, EarlierUnionIDs: u.EarlierUnionIDs,
		Identities: []exportedIdentity{}, Profile: exportedProfile(u.Profile),
		CreatedAt: u.CreatedAt, LastLoginAt: u.LastLoginAt, LoginCount: u.LoginCount,
	}
	for _, i := range u.Identities {
		identity := exportedIdentity{AppID: i.AppID, OpenID: i.OpenID, LinkedAt: i.LinkedAt}
		if i.ActiveOn > 0 {
			identity.ActiveOn = i.ActiveOn.String()
		}
		e.Identities = append(e.Identities, identity)
	}
	if u.Phone != nil {
		phone := exportedPhone(*u.Phone)
		e.Phone = &phone
	}
	return e
}
