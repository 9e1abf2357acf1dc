//go:build linux

package main_test

import (
	"fmt"
	"strings"
)

var repeat = strings.Repeat

// wideDocuments ask for much side by side. Most rows come twice: as a flood,
// which some limit refuses, and of a length that fits the token limit.
func wideDocuments() []attack {
	return []attack{
		document("100,000 aliases", nobody, "{"+numbered(100_000, " a%d:__typename")+"}"),
		document("10,000 aliases", nobody, "{"+numbered(10_000, " a%d:__typename")+"}"),
		document("330 aliases", nobody, "{"+numbered(330, " a%d:__typename")+"}"),
		document("1,000 logins in a mutation", nobody, "mutation {"+numbered(1000, ` a%d:login(code:"c"){expiresIn}`)+"}"),
		document("80 logins in a mutation", nobody, "mutation {"+numbered(80, ` a%d:login(code:"c"){expiresIn}`)+"}"),
		document("10 logins in a mutation", nobody, "mutation {"+numbered(10, ` a%d:login(code:"c%[1]d"){expiresIn}`)+"}"),
		document("10 scan logins in a mutation", nobody, "mutation {"+numbered(10, ` a%d:createScanLogin{qrCode}`)+"}"),
		document("10 logins by a fragment", nobody, "mutation { ...f ...f } fragment f on Mutation {"+numbered(10, ` a%d:login(code:"c%[1]d"){expiresIn}`)+"}"),
		document("same field x 11,000", nobody, "{"+repeat(" __typename", 11_000)+"}"),
		document("same field x 1,000", nobody, "{"+repeat(" __typename", 1000)+"}"),
		document("same field x 990", nobody, "{"+repeat(" __typename", 990)+"}"),
		document("same object x 2,000", someUser, "{"+repeat(" me{id}", 2000)+"}"),
		document("same object x 245", someUser, "{"+repeat(" me{id}", 245)+"}"),
		document("same alias x 2,000", someUser, "{"+repeat(" a:me{id}", 2000)+"}"),
		document("same alias x 160", someUser, "{"+repeat(" a:me{id}", 160)+"}"),
		document("same alias, nested, x 75", someUser, "{"+repeat(" a:me{a:sessions{a:id}}", 75)+"}"),
		document("same alias of different fields x 320", someUser, "{me{"+repeat(" a:id a:status", 160)+"}}"),
		document("same field, arguments differ, x 100", admin, "{"+numbered(100, " users(first:%d){totalCount}")+"}"),
		document("110 aliased objects with lists", someUser, "{"+numbered(110, " a%d:me{sessions{id}}")+"}"),
		document("10,000 inline fragments", someUser, "{"+repeat(" ...{__typename}", 7000)+"}"),
		document("240 inline fragments", someUser, "{"+repeat(" ...{__typename}", 240)+"}"),
		document("490 nested inline fragments", someUser, "{"+repeat(" ...{", 490)+"__typename"+repeat("}", 490)+"}"),
		document("10,000 unknown directives", nobody, "{__typename"+repeat(" @a", 10_000)+"}"),
		document("490 unknown directives", nobody, "{__typename"+numbered(490, " @a%d")+"}"),
		document("120 times @skip", nobody, "{__typename"+repeat(" @skip(if:false)", 120)+"}"),
		document("100 fields with @include of a variable", nobody, "query($v:Boolean=true){"+repeat(" __typename@include(if:$v)", 100)+"}"),
		document("10,000 unknown fields", someUser, "{me{"+numbered(10_000, " idd%d")+"}}"),
		document("980 unknown fields", someUser, "{me{"+numbered(980, " sessionss%d")+"}}"),
		document("240 unknown arguments", admin, "{users("+numbered(240, " firstt%d:1")+"){totalCount}}"),
		document("240 times the same argument", admin, "{users("+repeat(" first:1", 240)+"){totalCount}}"),
		document("160 unknown types", someUser, "{"+numbered(160, " ...on Sessionn%d{id}")+"}"),
		document("long unknown names", someUser, "{me{"+repeat(" "+repeat("n", 128), 980)+"}}"),
		document("a name of 100 KB", nobody, "{"+repeat("n", 100_000)+"}"),
		document("1,000 operations", nobody, numbered(5000, "query q%d{__typename}")),
		document("190 operations", nobody, numbered(190, "query q%d{__typename}")),
		document("240 operations without a name", nobody, repeat("{__typename} ", 240)),
		document("500 times the schema", admin, "{"+numbered(500, " a%d:__schema{types{name fields{name}}}")+"}"),
		document("75 times the schema", admin, "{"+numbered(75, " a%d:__schema{types{fields{name}}}")+"}"),
		document("10 times the schema", admin, "{"+numbered(10, " a%d:__schema{types{name description fields{name description type{name}}}}")+"}"),
		document("100,000 times $", nobody, "{"+repeat("$", 100_000)+"}"),
	}
}

// deepDocuments ask for much in a few words.
func deepDocuments() []attack {
	types := "{__schema{types{" + repeat("fields{type{", 5) + "name" + repeat("}}", 5) + "}}}"
	return []attack{
		document("5M {a{a", nobody, repeat("{a", 5_000_000)),
		document("128 KB of {a{a", nobody, repeat("{a", 60_000)),
		document("10,000 nested fields", someUser, repeat("{me", 10_000)+repeat("}", 10_000)),
		document("490 nested fields", someUser, repeat("{me", 490)+repeat("}", 490)),
		document("19 nested fields", someUser, repeat("{me", 19)+repeat("}", 19)),
		document("introspection in itself", admin, types),
		document("types of types", admin, `{__type(name:"User"){`+repeat("fields{type{", 9)+"name"+repeat("}}", 9)+"}}"),
		document("kinds within kinds", admin, `{__schema{types{`+repeat("ofType{", 15)+"name"+repeat("}", 15)+"}}}"),
		document("types possible types", admin, `{__schema{types{`+repeat("possibleTypes{interfaces{", 4)+"name"+repeat("}}", 4)+"}}}"),
		document("users(first:1000000)", admin, "{users(first:1000000){edges{node{sessions{id} identities{openId} profile{nickName}}}}}"),
		document("users(first:-1)", admin, "{users(first:-1){edges{node{id}}}}"),
		document("10 pages of 100 users with their sessions", admin,
			"{"+numbered(10, " a%d:users(first:100){edges{node{sessions{id} identities{openId}}}}")+"}"),
		document("10 pages of 100 users and their number", admin, "{"+numbered(10, ` a%d:users(first:100,filter:{status:ACTIVE,search:"u"}){totalCount edges{node{id}}}`)+"}"),
		document("50 pages of 100 audit events", admin, "{"+numbered(50, " a%d:auditEvents(first:100){totalCount edges{node{id actor}}}")+"}"),
		document("50 times 400 days", admin, "{"+numbered(50, ` a%d:userActivity(from:"2025-11-01",to:"2026-11-30"){day logins}`)+"}"),
		document("a fragment chain of 2,000", nobody, chain(2000)),
		document("a fragment chain of 120", nobody, chain(120)),
		document("2 circular fragments", nobody, cycle(2)),
		document("1,000 circular fragments", nobody, cycle(1000)),
		document("120 circular fragments", nobody, cycle(120)),
		document("a fragment of itself, often", nobody, "{...f} fragment f on Query{"+repeat(" ...f", 470)+"}"),
		document("every fragment spreads every other", nobody, everyOther(26)),
		document("exponential fragments, 22", nobody, doubling(22)),
		document("exponential fragments, 26", nobody, doubling(26)),
		document("exponential fragments, 40", nobody, doubling(40)),
		document("exponential fragments, 9", nobody, doubling(9)),
		document("exponential fragments under aliases", someUser, doublingObjects(18)),
		document("exponential fragments that nothing spreads", nobody, "{__typename}"+strings.TrimPrefix(doubling(40), "{...f0}")),
		document("400 spreads of a wide fragment", someUser, "{me{"+repeat(" ...f", 400)+"}} fragment f on User{"+numbered(60, " a%d:id")+"}"),
		document("30 fragments alike", someUser, "{me{"+numbered(30, " ...f%d")+"}}"+numbered(30, " fragment f%d on User{id status role unionId createdAt sessions{id appId current}}")),
	}
}

// chain is fragments of which each spreads the next.
func chain(length int) string {
	var b strings.Builder
	b.WriteString("{...f0}")
	for i := range length {
		fmt.Fprintf(&b, " fragment f%d on Query{...f%d}", i, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on Query{__typename}", length)
	return b.String()
}

// cycle is a chain that comes back to its beginning.
func cycle(length int) string {
	var b strings.Builder
	b.WriteString("{...f0}")
	for i := range length {
		fmt.Fprintf(&b, " fragment f%d on Query{...f%d}", i, (i+1)%length)
	}
	return b.String()
}

// doubling is a chain in which each fragment spreads the next twice.
func doubling(length int) string {
	var b strings.Builder
	b.WriteString("{...f0}")
	for i := range length {
		fmt.Fprintf(&b, " fragment f%d on Query{...f%d ...f%[2]d}", i, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on Query{__typename}", length)
	return b.String()
}

// doublingObjects is a chain in which each fragment asks for the next in two types.
func doublingObjects(length int) string {
	var b strings.Builder
	b.WriteString("{__schema{types{...f0}}}")
	for i := range length {
		fmt.Fprintf(&b, " fragment f%d on __Type{a:ofType{...f%d} b:ofType{...f%[2]d}}", i, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on __Type{name}", length)
	return b.String()
}

// everyOther is fragments of which each spreads all.
func everyOther(count int) string {
	all := numbered(count, " ...f%d")
	var b strings.Builder
	b.WriteString("{...f0}")
	for i := range count {
		fmt.Fprintf(&b, " fragment f%d on Query{%s}", i, all)
	}
	return b.String()
}

// brokenDocuments are hard on who says what is wrong with them.
func brokenDocuments() []attack {
	return []attack{
		document("128 KB of commas", nobody, "{__typename"+repeat(",", 120_000)+"}"),
		document("128 KB of comments", nobody, "{__typename}"+repeat("#\n", 40_000)),
		document("a comment of 128 KB", nobody, "{__typename} #"+repeat("x", 120_000)),
		document("128 KB of white space", nobody, "{__typename}"+repeat("\t", 60_000)),
		document("128 KB of lines", nobody, "{__typename}"+repeat("\n", 60_000)+"{"),
		document("byte order marks", nobody, repeat("\ufeff", 20_000)),
		document("control characters", nobody, repeat("\x01", 20_000)),
		document("128 KB of quotes", nobody, repeat(`"`, 60_000)),
		document("an open string", nobody, `{user(id:"`+repeat("x", 120_000)),
		document("a block of backslashes", nobody, `{user(id:"""`+repeat(`\`, 60_000)+`"""){id}}`),
		document("a block of quotes in escapes", nobody, `{user(id:"""`+repeat(`\"""`, 15_000)+`"""){id}}`),
		document("a block of indented lines", nobody, `{user(id:"""`+repeat("\n        x", 10_000)+`"""){id}}`),
		document("a block of ever deeper lines", nobody, `{user(id:"""`+deeperLines(330)+`"""){id}}`),
		document("escapes", nobody, `{user(id:"`+repeat(`\u4e2d`, 17_000)+`"){id}}`),
		document("half surrogates", nobody, `{user(id:"`+repeat(`\ud800`, 17_000)+`"){id}}`),
		document("an integer of 100,000 digits", admin, "{users(first:"+repeat("9", 100_000)+"){totalCount}}"),
		document("a float of 100,000 digits", admin, "{users(first:0."+repeat("9", 100_000)+"){totalCount}}"),
		document("a huge exponent", admin, "{users(first:1e"+repeat("9", 100_000)+"){totalCount}}"),
		document("80 enums that are not", admin, "{"+numbered(40, " a%d:users(orderBy:{field:UP%[1]d,direction:DOWN}){totalCount}")+"}"),
		document("a schema", nobody, numbered(2000, "type T%d{a:Int}")),
		document("128 KB of ...", nobody, "{"+repeat("...", 40_000)),
		document("128 KB of @", nobody, "{__typename"+repeat("@", 120_000)),
		document("a subscription over POST", nobody, "subscription{"+numbered(50, ` a%d:scanLogin(id:"x",secret:"y"){id}`)+"}"),
		document("@defer", someUser, "{me{"+repeat(" ...@defer{id}", 160)+"}}"),
	}
}

// deeperLines are lines of which each has one more space than the last.
func deeperLines(count int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString("\n" + repeat(" ", i) + "x")
	}
	return b.String()
}

// honestDocuments are the dearest that a dashboard and a playground send: what
// costs more than these is what the limits are for.
func honestDocuments() []attack {
	return []attack{
		document("a full page of the dashboard", admin, `{users(first:100){totalCount pageInfo{hasNextPage endCursor} edges{cursor node{
			id status role unionId createdAt lastLoginAt loginCount identities{appId openId linkedAt} profile{nickName avatarUrl gender updatedAt}
			phoneNumber{phoneNumber} sessions{id appId createdAt lastUsedAt expiresAt ipAddress userAgent}}}}}`),
		document("GraphiQL asks for the schema", admin, introspectionQuery),
	}
}

// introspectionQuery is what graphql-js 16 makes of getIntrospectionQuery().
const introspectionQuery = `query IntrospectionQuery { __schema { queryType { name kind } mutationType { name kind } subscriptionType { name kind }
	types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef }
	isDeprecated deprecationReason } inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description
	isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
	ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`
