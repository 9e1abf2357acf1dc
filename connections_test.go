package main_test

import (
	"net"
	"strings"
	"testing"

	"menshen/wechat/wechattest"
)

func TestServeCapsConnections(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	server := house.serve("--max-connections-per-address=2")
	for range 3 {
		if conn, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://")); err == nil { // the third may fail here
			defer conn.Close()
		}
	}
	if line := server.logLine("connection refused; said once a minute"); line["cap"] != "address" || line["address"] != "127.0.0.1" {
		t.Errorf("the log says %v", line)
	}
}

func TestConnectionsAreMetered(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	server := house.serve()
	metrics := server.get("/metrics", house.adminKey).body
	if !strings.Contains(metrics, "menshen_connections_open 1\n") {
		t.Error("the metrics do not tell of the connection that asks for them")
	}
}

// TestServeFitsConnectionsToOpenFiles starts where only 300 files may be open.
func TestServeFitsConnectionsToOpenFiles(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	server := listening(start(t, house.settings, "sh", "-c", `ulimit -n 300 && exec "$0" serve`, program(t)))
	line := server.logLine("--max-connections is more than the limit of open files allows (ulimit -n)")
	if line["connections"] != 44.0 {
		t.Errorf("%v connections, want 300 without the 256 for everything else", line["connections"])
	}
	server.stop()
}
