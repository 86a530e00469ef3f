package dev.sluice.relay;

import dev.sluice.access.Caller;
import dev.sluice.channel.Channels;
import dev.sluice.channel.Route;
import dev.sluice.quota.Prices;
import dev.sluice.quota.Tariff;
import dev.sluice.settings.Settings;
import dev.sluice.wire.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The models that stand in for one whose channels are all out, as root lists them. Each is taken once in a call, in
 * order; one that the token may not use, that has no channel here, or no price where the quota is limited, is left out.
 */
@Component
final class Fallbacks {
    private final Channels channels;
    private final Prices prices;
    private final Settings gateway;

    Fallbacks(Channels channels, Prices prices, Settings gateway) {
        this.channels = channels;
        this.prices = prices;
        this.gateway = gateway;
    }

    /** Routes the call to the next model that stands in for the caller's; false: there is none left. */
    boolean take(Call call) {
        List<String> models = gateway.now().fallbacks(call.ask().model());
        for (int next = call.tries().nextFallback();
                next < models.size();
                next = call.tries().nextFallback()) {
            String model = models.get(next);
            Route route = route(call, model);
            Tariff tariff = route == null ? null : tariff(route, model);
            if (route != null && (tariff != null || !limited(call.caller()))) {
                call.routed(model, route, tariff);
                return true;
            }
        }
        return false;
    }

    /** The most that any of them would cost: what is reserved must cover whichever answers. */
    long dearest(Call call, Usage usage, long cost) {
        long most = cost;
        for (String model : gateway.now().fallbacks(call.ask().model())) {
            Route route = route(call, model);
            Tariff tariff = route == null ? null : tariff(route, model);
            if (route != null && tariff != null) {
                long factor = call.caller().group().priceFactorMillionths();
                most = Math.max(most, tariff.cost(usage, factor, route.priceFactorMillionths()));
            }
        }
        return most;
    }

    private @Nullable Route route(Call call, String model) {
        Caller caller = call.caller();
        if (!caller.token().allows(model)) {
            return null;
        }
        Route route = channels.route(caller.group().name(), model, call.ask().endpoint());
        Long pinned = call.pinnedChannel();
        return route == null || pinned != null && !route.has(pinned) ? null : route;
    }

    private @Nullable Tariff tariff(Route route, String model) {
        Tariff tariff = prices.find(model);
        return tariff == null ? prices.find(route.upstreamModel(model)) : tariff;
    }

    static boolean limited(Caller caller) {
        return caller.token().quotaNanos() != null || caller.user().quotaNanos() != null;
    }
}
