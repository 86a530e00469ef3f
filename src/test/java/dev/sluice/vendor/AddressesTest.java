package dev.sluice.vendor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a call goes, and with which key, for each form of a base URL. */
@ExtendWith(NoLeaks.class)
class AddressesTest {
    private final Gateway gateway = Gateway.shared();

    private VendorCall sent(String fields, String path, String json) {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            gateway.clearChannels();
            gateway.channel(vendor, fields.replace("HOST", vendor.url()));
            vendor.answers(ScriptedVendor.chat("Hi", 1, 1));
            gateway.call(path, gateway.token().key(), json).expect(200);
            return vendor.nextCall();
        }
    }

    private static String chat(String model) {
        return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    }

    @ParameterizedTest
    @CsvSource({
        "openai-compatible, '', /v1/chat/completions",
        "openai-compatible, /, /v1/chat/completions",
        "openai-compatible, /v1, /v1/chat/completions",
        "openai-compatible, /v1/, /v1/chat/completions",
        "openai-compatible, /openai, /openai/v1/chat/completions",
        "openai-compatible, /compatible-mode/v1, /compatible-mode/v1/chat/completions",
        "openai-compatible, /api/paas/v4, /api/paas/v4/chat/completions",
        "openai-compatible, /v1beta/openai, /v1beta/openai/chat/completions",
        "perplexity, '', /chat/completions",
    })
    void takesAnyBaseUrl(String vendor, String path, String expected) {
        VendorCall call = sent(
                "{\"vendor\":\"" + vendor + "\",\"base_url\":\"HOST" + path + "\"}", "/v1/chat/completions", chat("m"));

        assertThat(call.uri()).isEqualTo(expected);
        assertThat(call.headers().get("authorization")).isEqualTo("Bearer sk-vendor-key-1");
    }

    @Test
    void reachesAzuresDeployments() {
        VendorCall call = sent(
                "{\"vendor\":\"azure\",\"base_url\":\"HOST\",\"model_mapping\":{\"gpt\":\"my dep/..#?\"}}",
                "/v1/chat/completions",
                chat("gpt"));

        assertThat(call.uri())
                .isEqualTo("/openai/deployments/my%20dep%2F..%23%3F/chat/completions?api-version=2024-10-21");
        assertThat(call.headers().get("api-key")).isEqualTo("sk-vendor-key-1");
        assertThat(call.headers().contains("authorization")).isFalse();
    }

    @Test
    void reachesAzuresNewForm_withAnApiVersion() {
        VendorCall call = sent(
                "{\"vendor\":\"azure\",\"base_url\":\"HOST/openai/v1\",\"options\":{\"api_version\":\"preview\"}}",
                "/v1/embeddings",
                "{\"model\":\"e\",\"input\":\"a\"}");

        assertThat(call.uri()).isEqualTo("/openai/v1/embeddings?api-version=preview");
    }

    @Test
    void sendsTheChannelsHeaders_andOnlyHarmlessOnesOfTheCaller() {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            gateway.clearChannels();
            gateway.channel(vendor, "{\"headers\":{\"X-Extra\":\"1\"}}");
            vendor.answers(ScriptedVendor.chat("Hi", 1, 1));
            gateway.send(
                            "POST",
                            "/v1/chat/completions",
                            java.util.Map.of(
                                    "x-api-key", gateway.token().key(),
                                    "Cookie", "a=b",
                                    "X-Forwarded-For", "1.2.3.4",
                                    "OpenAI-Beta", "x=1",
                                    "Idempotency-Key", "k"),
                            chat("m"))
                    .expect(200);
            var headers = vendor.nextCall().headers();

            assertThat(headers.get("x-extra")).isEqualTo("1");
            assertThat(headers.get("openai-beta")).isEqualTo("x=1");
            assertThat(headers.get("idempotency-key")).isEqualTo("k");
            assertThat(headers.names())
                    .doesNotContain("Cookie", "cookie", "x-forwarded-for", "X-Forwarded-For", "x-api-key");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, true", "10.1.2.3, true", "192.168.0.1, true", "172.16.0.1, true", "169.254.1.1, true",
        "100.64.0.1, true", "0.0.0.0, true", "::1, true", "fd00::1, true", "fe80::1, true",
        "8.8.8.8, false", "100.63.0.1, false", "2606:4700::1, false",
    })
    void keepsChannelsOutOfPrivateNetworks_whereTheOperatorSaysSo(String address, boolean refused) throws Exception {
        var guard = new AddressGuard(io.netty.resolver.DefaultAddressResolverGroup.INSTANCE, false);

        assertThat(guard.refuses(InetAddress.getByName(address))).isEqualTo(refused);
    }

    @Test
    void neverReachesMetadataServices() throws Exception {
        var guard = new AddressGuard(io.netty.resolver.DefaultAddressResolverGroup.INSTANCE, true);

        for (String metadata : List.of(
                "169.254.169.254",
                "fd00:ec2::254",
                "169.254.170.2",
                "100.100.100.200",
                "::ffff:169.254.169.254",
                "64:ff9b::169.254.169.254")) {
            assertThat(guard.refuses(InetAddress.getByName(metadata)))
                    .as(metadata)
                    .isTrue();
            assertThat(guard.refuses(metadata)).as(metadata).isTrue();
        }
        assertThat(guard.refuses(InetAddress.getByName("127.0.0.1"))).isFalse();
    }

    /** A name server of an attacker's that says first this and then that. */
    private static final class Names extends AddressResolverGroup<InetSocketAddress> {
        private final String address;

        Names(String address) {
            this.address = address;
        }

        @Override
        protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
            return new InetNameResolver(executor) {
                @Override
                protected void doResolve(String name, Promise<InetAddress> promise) throws Exception {
                    promise.setSuccess(InetAddress.getByName(address));
                }

                @Override
                protected void doResolveAll(String name, Promise<List<InetAddress>> promise) throws Exception {
                    promise.setSuccess(List.of(InetAddress.getByName(address)));
                }
            }.asAddressResolver();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"169.254.169.254", "fd00:ec2::254"})
    void aNameThatStandsForAMetadataServiceIsRefusedWhenItIsConnectedTo(String address) {
        try (AddressGuard guard = new AddressGuard(new Names(address), true);
                AddressGuard harmless = new AddressGuard(new Names("8.8.8.8"), true)) {
            EventExecutor executor = ImmediateEventExecutor.INSTANCE;
            InetSocketAddress name = InetSocketAddress.createUnresolved("metadata.example", 80);

            assertThat(guard.getResolver(executor).resolve(name).cause()).isInstanceOf(UnknownHostException.class);
            assertThat(guard.getResolver(executor).resolveAll(name).cause()).isInstanceOf(UnknownHostException.class);
            assertThat(harmless.getResolver(executor).resolve(name).isSuccess()).isTrue();
        }
    }

    @Test
    void aRedirectIsNotFollowed() {
        try (ScriptedVendor vendor = ScriptedVendor.start();
                ScriptedVendor elsewhere = ScriptedVendor.start()) {
            gateway.clearChannels();
            gateway.channel(vendor, "{}");
            vendor.always(Script.json(307, "{}").header("Location", elsewhere.url() + "/v1/chat/completions"));

            assertThat(gateway.call(gateway.token().key(), chat("m")).status()).isEqualTo(502);
            assertThat(elsewhere.connectionsOpened()).isZero();
        }
    }

    @Test
    void refusesAPrivateAddressAtConnect(@TempDir Path data) {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            try (Gateway before = Gateway.startIn(data)) {
                before.channel(vendor, "{\"base_url\":\"http://localhost:" + vendor.port() + "\"}");
            }
            try (Gateway strict = Gateway.startIn(data, "SLUICE_ALLOW_PRIVATE_UPSTREAMS=false")) {
                assertThat(strict.call(strict.token().key(), chat("m")).status())
                        .isEqualTo(502);
                assertThat(vendor.connectionsOpened()).isZero();
            }
        }
    }
}
