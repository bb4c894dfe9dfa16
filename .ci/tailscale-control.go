// A control server and a relay of Tailscale's for tests, from its own sources: one tailnet in memory with MagicDNS, HTTPS and
// Funnel.
//
//	tailscale-control ADDRESS KEY-FILE
//
// The control server listens on ADDRESS; the relay, on a free port of the same host. The first node must bring the auth key of
// the file; after that, whoever is known needs none.
package main

import (
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"tailscale.com/derp/derpserver"
	"tailscale.com/tailcfg"
	"tailscale.com/tstest/integration/testcontrol"
	"tailscale.com/types/key"
	"tailscale.com/types/logger"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: tailscale-control ADDRESS KEY-FILE")
	}
	address := os.Args[1]
	authKey, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		log.Fatal(err)
	}
	server := &testcontrol.Server{
		Logf:            logger.Discard,
		ExplicitBaseURL: "http://" + address,
		MagicDNSDomain:  "tailnet.test",
		DNSConfig:       &tailcfg.DNSConfig{},
		DERPMap:         &tailcfg.DERPMap{Regions: map[int]*tailcfg.DERPRegion{1: relay(host)}},
		RequireAuthKey:  strings.TrimSpace(string(authKey)),
		DefaultNodeCapabilities: &tailcfg.NodeCapMap{
			tailcfg.CapabilityHTTPS: nil,
			tailcfg.NodeAttrFunnel:  nil,
		},
	}
	server.MaybeRateLimitRegister = func() (bool, string, string) {
		if server.NumNodes() > 0 {
			server.RequireAuthKey = ""
		}
		return false, "", ""
	}
	log.Fatal(http.ListenAndServe(address, server))
}

// A node is running once it is connected to a relay.
func relay(host string) *tailcfg.DERPRegion {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewUnstartedServer(derpserver.Handler(derpserver.New(key.NewNode(), logger.Discard)))
	server.Listener.Close()
	server.Listener = listener
	// DERP takes the connection over, which HTTP/2 does not allow.
	server.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	server.StartTLS()
	return &tailcfg.DERPRegion{RegionID: 1, RegionCode: "test", Nodes: []*tailcfg.DERPNode{{
		Name: "1", RegionID: 1, HostName: host, IPv4: host, IPv6: "none", STUNPort: -1,
		DERPPort: listener.Addr().(*net.TCPAddr).Port, InsecureForTests: true,
	}}}
}
