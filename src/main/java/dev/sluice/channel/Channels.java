package dev.sluice.channel;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import dev.sluice.limit.Throttle;
import dev.sluice.settings.GatewaySettings;
import dev.sluice.settings.Settings;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Target;
import dev.sluice.vendor.Upstream;
import dev.sluice.vendor.Vendors;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Glob;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** The channels in service, as one immutable snapshot in memory, and the routes through them. */
@Component
public final class Channels {
    private static final Logger log = LoggerFactory.getLogger(Channels.class);

    /** Routes are kept by the name a caller used; a bound, since with a channel of {@code *} callers make up names. */
    private static final int ROUTES = 10_000;

    private final Vendors vendors;
    private final ChannelSettings settings;
    private final Clock clock;
    private final Settings gateway;
    private final WaitingLine line;
    private volatile Snapshot snapshot;

    /**
     * What {@code GET /api/channels} says of a channel's health. Times are epoch milliseconds.
     *
     * @param byKey the same of each key, in their order
     */
    public record HealthView(
            String state,
            @Nullable String reason,
            @Nullable Long retryAt,
            double errorRate,
            @Nullable Long ttftMs,
            List<HealthView> byKey) {}

    /** A model that can be asked for, and since when. */
    public record Offer(String model, long createdAt) {}

    private record RouteName(String group, String model, Endpoint endpoint) {}

    private static final class Snapshot {
        final Map<Long, Live> channels;
        final Cache<RouteName, Optional<Route>> routes = Caffeine.newBuilder()
                .maximumSize(ROUTES)
                .executor(Runnable::run)
                .build();

        final GatewaySettings gateway;

        Snapshot(Map<Long, Live> channels, GatewaySettings gateway) {
            this.channels = channels;
            this.gateway = gateway;
        }
    }

    Channels(
            Database database,
            Changes changes,
            ChannelTable table,
            Vendors vendors,
            ChannelSettings settings,
            Settings gateway,
            WaitingLine line,
            Clock clock) {
        this.line = line;
        this.gateway = gateway;
        this.snapshot = new Snapshot(Map.of(), gateway.now());
        this.vendors = vendors;
        this.settings = settings;
        this.clock = clock;
        changes.follow(
                ChannelTable.REVISION,
                () -> database.read(table::all).collectList().flatMap(this::serve));
    }

    private synchronized Mono<Void> serve(List<Channel> channels) {
        Snapshot before = snapshot;
        Map<Long, Live> after = new LinkedHashMap<>();
        for (Channel channel : channels) {
            after.put(channel.id(), live(channel, before.channels.get(channel.id())));
        }
        snapshot = new Snapshot(after, gateway.now());
        return Mono.empty();
    }

    /** A key that stays keeps its health and its connections; a channel that moved to another address starts afresh. */
    private Live live(Channel channel, @Nullable Live before) {
        boolean moved = before == null
                || !before.channel().baseUrl().equals(channel.baseUrl())
                || !before.channel().vendor().equals(channel.vendor());
        Map<Target, Live.Key> kept = new HashMap<>();
        if (before != null && !moved) {
            for (int i = 0; i < before.keys().size(); i++) {
                kept.put(target(before.channel(), i), before.keys().get(i));
            }
        }
        List<Live.Key> keys = new ArrayList<>();
        for (int i = 0; i < Math.max(1, channel.keys().size()); i++) {
            Target target = target(channel, i);
            Live.Key old = kept.get(target);
            try {
                Throttle throttle = old != null && old.throttle().limits().equals(channel.keyLimits())
                        ? old.throttle()
                        : new Throttle(channel.keyLimits());
                keys.add(
                        old != null
                                ? new Live.Key(old.upstream(), old.health(), throttle)
                                : new Live.Key(vendors.upstream(target), new Health(), throttle));
            } catch (IllegalArgumentException e) {
                log.warn("{} cannot serve: {}", channel, e.getMessage());
            }
        }
        Throttle throttle = before != null && before.channel().limits().equals(channel.limits())
                ? before.throttle()
                : new Throttle(channel.limits());
        return new Live(channel, before == null || moved ? new Health() : before.health(), keys, throttle, line::freed);
    }

    private Target target(Channel channel, int key) {
        Timeouts timeouts = channel.timeouts();
        int firstByte = timeouts.firstByteMs() == null ? settings.firstByteMs() : timeouts.firstByteMs();
        int total = timeouts.totalMs() == null ? 0 : timeouts.totalMs();
        return new Target(
                channel.vendor(),
                channel.baseUrl(),
                channel.keys().isEmpty() ? "" : channel.keys().get(key),
                channel.headers(),
                channel.options(),
                timeouts.connectMs() == null ? settings.connectMs() : timeouts.connectMs(),
                total == 0 ? firstByte : Math.min(firstByte, total),
                timeouts.idleMs() == null ? settings.idleMs() : timeouts.idleMs(),
                total);
    }

    /** The account of one channel alone, outside of any choice and with no health: what a test or a look at its models uses. */
    Upstream upstream(Channel channel) {
        return vendors.upstream(target(channel, 0));
    }

    /** What costs at the channel are multiplied with, in millionths; of one that is gone: 1. */
    public long priceFactorMillionths(long channelId) {
        Live live = snapshot.channels.get(channelId);
        return live == null ? 1_000_000 : live.channel().priceFactorMillionths();
    }

    /** The first account of an enabled channel; null: there is none. */
    public @Nullable Upstream upstream(long channelId) {
        Live live = snapshot.channels.get(channelId);
        return live == null || !live.channel().enabled() || live.keys().isEmpty()
                ? null
                : live.keys().getFirst().upstream();
    }

    /** Whether an enabled channel serves the model to the group, at whatever endpoint. */
    public boolean serves(String group, String model) {
        return snapshot.channels.values().stream()
                .anyMatch(live -> live.channel().serves(model, group));
    }

    /** Null when no enabled channel serves the model to the group at this endpoint. */
    public @Nullable Route route(String group, String model, Endpoint endpoint) {
        Snapshot now = snapshot;
        GatewaySettings settings = gateway.now();
        if (now.gateway != settings) {
            now = routedBy(settings);
        }
        Snapshot known = now;
        return known.routes
                .get(new RouteName(group, model, endpoint), name -> make(known, name))
                .orElse(null);
    }

    /** The settings changed: the same channels, by new routes. */
    private synchronized Snapshot routedBy(GatewaySettings settings) {
        if (snapshot.gateway != settings) {
            snapshot = new Snapshot(snapshot.channels, settings);
        }
        return snapshot;
    }

    private static Optional<Route> make(Snapshot snapshot, RouteName name) {
        List<Live> candidates = new ArrayList<>();
        for (Live live : snapshot.channels.values()) {
            if (live.channel().serves(name.model, name.group) && live.reaches(name.endpoint)) {
                candidates.add(live);
            }
        }
        return candidates.isEmpty()
                ? Optional.empty()
                : Optional.of(new Route(
                        candidates, snapshot.gateway.routing(name.model), snapshot.gateway.caching(name.model)));
    }

    /**
     * The models that can be listed for a group: plain names as they are, a glob as those of the vendor's typical
     * models and of the channel's mapping that it matches.
     */
    public List<Offer> offers(String group) {
        Map<String, Offer> offers = new java.util.TreeMap<>();
        for (Live live : snapshot.channels.values()) {
            Channel channel = live.channel();
            if (channel.enabled() && channel.groups().contains(group)) {
                for (String model : names(channel)) {
                    offers.putIfAbsent(model, new Offer(model, channel.createdAt()));
                }
            }
        }
        return List.copyOf(offers.values());
    }

    private List<String> names(Channel channel) {
        List<String> names = new ArrayList<>();
        for (Glob glob : channel.models()) {
            if (glob.exact()) {
                names.add(glob.pattern());
            } else {
                channel.modelMapping().keySet().stream().filter(glob::matches).forEach(names::add);
                typical(channel.vendor(), glob).filter(glob::matches).forEach(names::add);
            }
        }
        return names;
    }

    /** A vendor without models of its own, such as another relay, may have anybody's; but {@code *} alone names none. */
    private Stream<String> typical(String vendor, Glob glob) {
        CatalogEntry entry = vendors.find(vendor);
        if (entry != null && entry.models().isEmpty() && !glob.pattern().equals("*")) {
            return vendors.all().stream().flatMap(each -> each.models().stream());
        }
        return entry == null ? Stream.empty() : entry.models().stream();
    }

    Map<Long, Live> lives() {
        return snapshot.channels;
    }

    /** Null when there is no such channel. */
    public @Nullable HealthView health(long channelId) {
        Live live = snapshot.channels.get(channelId);
        return live == null ? null : live.view(clock.millis());
    }

    /** The ids of all channels there are now. */
    public List<Long> ids() {
        return List.copyOf(snapshot.channels.keySet());
    }
}
