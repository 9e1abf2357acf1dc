//go:build linux

package main_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const longHeader = 7500 // bytes, just below what the server reads

// withHeader is an attack by one header on a request that is fine.
func withHeader(name, header, value string) attack {
	a := document(name, nobody, "{__typename}")
	a.header = map[string]string{header: value}
	return a
}

// headers are hard on who parses them.
func headers() []attack {
	return append([]attack{
		withHeader("an Accept of 1,900 media types", "Accept", repeat("a/b,", longHeader/4)),
		withHeader("an Accept of 10,000 media types", "Accept", repeat("a/b,", 10_000)),
		withHeader("an Accept of parameters", "Accept", "application/json"+repeat(`;a="\""`, longHeader/8)),
		withHeader("an Accept of commas", "Accept", repeat(",", longHeader)),
		withHeader("an Accept of weights", "Accept", repeat("*/*;q=0.001,", longHeader/12)),
		withHeader("a Content-Type of parameters", "Content-Type", "application/json"+numberedUpTo(longHeader, ";a%d=b")),
		withHeader("a Content-Type of continuations", "Content-Type", "application/json"+numberedUpTo(longHeader, ";a*%d=b")),
		withHeader("a Content-Type of percents", "Content-Type", "application/json;charset*=utf-8''"+repeat("%41", longHeader/3)),
		withHeader("an Accept-Encoding of 2,500", "Accept-Encoding", repeat("gz,", longHeader/3)),
		withHeader("X-Forwarded-For of 900 hops", "X-Forwarded-For", repeat("1.2.3.4,", longHeader/8)),
		withHeader("X-Forwarded-For of commas", "X-Forwarded-For", repeat(",", longHeader)),
		withHeader("a long Origin", "Origin", "https://"+repeat("a.", longHeader/2)),
		withHeader("a long User-Agent", "User-Agent", repeat("中", longHeader/3)),
		withHeader("a long Cookie", "Cookie", repeat("a=b; ", longHeader/5)),
		withHeader("a long Traceparent", "Traceparent", repeat("0", longHeader)),
		withHeader("headers of 40 KB", "X-Padding", repeat("x", 40_000)),
		withHeader("an Expect", "Expect", "100-continue"),
		compressed("a compressed bomb of 20 MB", 20<<20),
	}, paths()...)
}

// numberedUpTo is numbered with as many numbers as fit so many bytes.
func numberedUpTo(bytes int, format string) string {
	return numbered(bytes/(len(format)+2), format)
}

// compressed is a body that is small until somebody unpacks it.
func compressed(name string, size int64) attack {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.Copy(w, io.LimitReader(endless(" "), size)) // to a bytes.Buffer, which does not fail
	w.Close()
	a := raw(name, packed.String())
	a.header = map[string]string{"Content-Encoding": "gzip"}
	return a
}

// paths are requests that bring no body.
func paths() []attack {
	get := func(name, path string) attack { return attack{name: name, method: http.MethodGet, path: path} }
	query := func(text string) string { return "/graphql?query=" + url.QueryEscape(text) }
	return []attack{
		get("GET of a long query", query("{__typename "+repeat("#", longHeader/3-20)+"}")),
		get("GET of a query of 20 KB", query("{__typename "+repeat("a", 20_000)+"}")),
		get("GET of 330 aliases", query("{"+numbered(330, " a%d:__typename")+"}")),
		get("GET of exponential fragments", query(doubling(40))),
		get("GET of 3,700 parameters", "/graphql?"+repeat("a&", 3700)),
		get("GET of deep variables", "/graphql?query={__typename}&variables="+repeat("[", longHeader-50)),
		get("GET of a mutation", query(`mutation{login(code:"c"){expiresIn}}`)),
		get("a long path", "/"+repeat("%2e%2e%2f", longHeader/9)),
		get("a path of slashes", repeat("/", longHeader)),
		get("a path of dots", repeat("/..", longHeader/3)),
		get("the keys", "/.well-known/jwks.json"),
		{name: "an invented method", method: repeat("X", 1000), path: "/graphql"},
		{name: "OPTIONS", method: http.MethodOptions, header: map[string]string{
			"Origin": "https://example.com", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": repeat("a,", longHeader/2-50),
		}},
		{name: "an event pushed without a signature", path: "/wechat/push/wxdev00000000000000?signature=x&timestamp=1&nonce=2",
			body: func(int) io.Reader { return strings.NewReader("<xml>" + repeat("<a>", 30_000)) }},
	}
}

// bearers are login states that are none.
func bearers() []attack {
	inHeader := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	invented := func(name string, token func(a *arena, n int) string) attack {
		return document(name, token, "{me{id}}")
	}
	part := func(token string, i int) string { return strings.Split(token, ".")[i] }
	return []attack{
		invented("a long bearer", func(_ *arena, n int) string { return repeat("x", longHeader+n) }),
		invented("a bearer of dots", func(_ *arena, n int) string { return repeat(".", longHeader+n) }),
		invented("a JWT with another signature", func(a *arena, n int) string {
			header, claims := part(a.user.AccessToken, 0), part(a.user.AccessToken, 1)
			return header + "." + claims + "." + inHeader(fmt.Sprintf("%064d", n))
		}),
		invented("a JWT with a long signature", func(a *arena, n int) string {
			return part(a.user.AccessToken, 0) + "." + part(a.user.AccessToken, 1) + "." + repeat("A", longHeader/2+n)
		}),
		invented("a JWT without algorithm", func(a *arena, n int) string {
			return inHeader(fmt.Sprintf(`{"alg":"none","typ":"JWT","n":%d}`, n)) + "." + part(a.user.AccessToken, 1) + "."
		}),
		invented("a JWT with a long kid", func(a *arena, n int) string {
			return inHeader(`{"alg":"ES256","kid":"`+repeat("k", longHeader/2+n)+`"}`) + "." + part(a.user.AccessToken, 1) + ".AAAA"
		}),
		invented("a JWT whose header is deep", func(a *arena, n int) string {
			return inHeader(`{"alg":"ES256","a":`+repeat("[", longHeader/2+n)) + "." + part(a.user.AccessToken, 1) + ".AAAA"
		}),
		invented("a JWT whose claims are deep", func(a *arena, n int) string {
			return part(a.user.AccessToken, 0) + "." + inHeader(repeat(`{"a":`, longHeader/8+n)) + ".AAAA"
		}),
	}
}

// arguments are hard on what the fields do with them.
func arguments() []attack {
	refresh := attack{name: "an invented refresh token", body: func(n int) io.Reader {
		return strings.NewReader(fmt.Sprintf(`{"query":"mutation{refreshLogin(refreshToken:\"%0100d\"){expiresIn}}"}`, n))
	}}
	login := attack{name: "an invented code", body: func(n int) io.Reader {
		return strings.NewReader(fmt.Sprintf(`{"query":"mutation{login(code:\"c%032d\"){expiresIn}}"}`, n))
	}}
	return []attack{
		refresh, login,
		document("10 refresh tokens of 10 KB", nobody, "mutation{"+numbered(10, ` a%d:refreshLogin(refreshToken:"`+repeat("x", 10_000)+`"){expiresIn}`)+"}"),
		document("a code of 100 KB", nobody, `mutation{login(code:"`+repeat("x", 100_000)+`"){expiresIn}}`),
		document("10 scan logins redeemed without the secret", nobody, "mutation{"+numbered(10, ` a%d:redeemScanLogin(id:"x%[1]d",secret:"`+repeat("y", 9000)+`"){id}`)+"}"),
		document("10 claims of invented scan logins", someUser, "mutation{"+numbered(10, ` a%d:claimScanLogin(id:"`+repeat("x", 9000)+`"){id}`)+"}"),
		document("10 cursors of 10 KB", admin, "{"+numbered(10, ` a%d:users(after:"`+repeat("A", 10_000)+`"){totalCount}`)+"}"),
		document("50 searches", admin, "{"+numbered(50, ` a%d:users(filter:{search:"user-"}){totalCount}`)+"}"),
		document("a search of 100 KB", admin, `{users(filter:{search:"`+repeat("İ", 50_000)+`"}){totalCount}}`),
		document("a search that folds", admin, `{users(filter:{search:"`+repeat("\u0390\ufb03", 20_000)+`"}){totalCount}}`),
		document("10 phone numbers of 10 KB", admin, "{"+numbered(10, ` a%d:user(phoneNumber:"+`+repeat("1 ", 5000)+`"){id}`)+"}"),
		document("every day from the year 1 to 9999", admin, `{userActivity(from:"0001-01-01",to:"9999-12-31"){day}}`),
		document("events of 9998 years", admin, `{auditEvents(first:100,filter:{from:"0001-01-01T00:00:00Z",to:"9999-12-31T23:59:59Z"}){totalCount edges{node{id}}}}`),
		document("events of nobody", admin, `{auditEvents(first:100,filter:{action:"none",userId:"usr_none"}){totalCount edges{node{id}}}}`),
		document("30 counts of users", admin, "{"+numbered(30, ` a%d:users(first:1,filter:{status:ACTIVE,appId:"wxdev00000000000000"}){totalCount}`)+"}"),
		document("30 counts of audit events", admin, "{"+numbered(30, ` a%d:auditEvents(first:1,filter:{action:"login",appId:"wxdev00000000000000"}){totalCount}`)+"}"),
		document("a node of 100 KB", someUser, `{node(id:"usr_`+repeat("0", 100_000)+`"){id}}`),
		document("a nickname of 100 KB", someUser, `mutation{updateProfile(input:{nickName:"`+repeat("名", 30_000)+`"}){user{id}}}`),
		document("a nickname that composes", someUser, `mutation{updateProfile(input:{nickName:"e`+repeat("\u0301", 50_000)+`"}){user{id}}}`),
		document("10 avatars of 10 KB", someUser, "mutation{"+numbered(10, ` a%d:updateProfile(input:{avatarUrl:"https://a/`+repeat("%41", 3500)+`"}){user{id}}`)+"}"),
		document("open data of 96 KB", someUser, `mutation{decryptOpenData(encryptedData:"`+repeat("A", 96<<10)+`",iv:"AAAAAAAAAAAAAAAAAAAAAA=="){__typename}}`),
		document("10 times open data of 10 KB", someUser, "mutation{"+numbered(10, ` a%d:decryptOpenData(encryptedData:"`+repeat("A", 10<<10)+`",iv:"AAAAAAAAAAAAAAAAAAAAAA=="){__typename}`)+"}"),
		document("a profile with rawData of 100 KB", someUser, `mutation{decryptProfile(encryptedData:"AAAA",iv:"AAAAAAAAAAAAAAAAAAAAAA==",rawData:"`+repeat("[", 100_000)+`",signature:"00"){profile{gender}}}`),
		document("10 sessions that are not mine", someUser, "mutation{"+numbered(10, ` a%d:revokeSession(id:"ses_%[1]d"){id}`)+"}"),
		document("a reason of 100 KB", admin, `mutation{blockUser(id:"usr_none",reason:"`+repeat("x", 100_000)+`"){user{id}}}`),
	}
}
