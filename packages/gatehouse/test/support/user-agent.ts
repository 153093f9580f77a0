/**
 * A browser without a screen: keeps cookies per host as a browser would, follows redirects one at a time, and
 * fills in our forms.
 */
export class UserAgent {
  readonly #cookies = new Map<string, Map<string, string>>();
  /** Every answer so far, newest last. */
  readonly visited: { readonly url: string; readonly status: number }[] = [];

  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const headers = new Headers(init.headers);
    const cookies = this.#cookies.get(host);
    if (cookies !== undefined && cookies.size > 0 && !headers.has("cookie")) {
      headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    }
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    this.#remember(host, response.headers.getSetCookie());
    this.visited.push({ url, status: response.status });
    return response;
  }

  /**
   * Follows redirects until an answer is none, or until one leads to `until`: then that URL is returned and
   * not asked for.
   */
  async follow(
    url: string,
    until: (url: URL) => boolean = () => false,
    init: RequestInit = {},
  ): Promise<Arrival> {
    let response = await this.request(url, init);
    let at = url;
    for (let hops = 0; hops < 20; hops++) {
      const location = response.headers.get("location");
      if (location === null) return { url: new URL(at), response, html: await response.text() };
      await response.body?.cancel();
      at = new URL(location, at).href;
      if (until(new URL(at))) return { url: new URL(at), response, html: "" };
      response = await this.request(at);
    }
    throw new Error(`too many redirects, the last to ${at}`);
  }

  /**
   * Submits the first form of a page as a person does: its hidden fields, what has to be ticked, and those
   * given.
   */
  submit(page: Arrival, fields: Record<string, string>, until?: (url: URL) => boolean): Promise<Arrival> {
    const [form = "", action] = /<form[^>]*\baction="([^"]*)".*?<\/form>/s.exec(page.html) ?? [];
    if (action === undefined) throw new Error(`no form on ${page.url.href}: ${page.html}`);
    const body = new URLSearchParams({ ...hiddenFields(form), ...requiredTicks(form), ...fields });
    return this.follow(new URL(action, page.url).href, until, {
      method: "POST",
      body,
      headers: { origin: page.url.origin, "sec-fetch-site": "same-origin" },
    });
  }

  /** The same way, and then the page's one click back to the app, where one came first: to where it leads. */
  async followBack(url: string, until: (url: URL) => boolean): Promise<Arrival> {
    const page = await this.follow(url, until);
    if (page.html === "") return page;
    const [, href] = /<a class="continue" href="([^"]*)"/.exec(page.html) ?? [];
    if (href === undefined) return this.submit(page, { decision: "leave" }, until);
    return { ...page, url: new URL(href.replaceAll("&amp;", "&")) };
  }

  cookiesOf(url: string): ReadonlyMap<string, string> {
    return this.#cookies.get(new URL(url).host) ?? new Map();
  }

  setCookie(url: string, name: string, value: string): void {
    this.#remember(new URL(url).host, [`${name}=${value}`]);
  }

  #remember(host: string, lines: readonly string[]): void {
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    for (const line of lines) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (/;\s*max-age=0\b/i.test(line) || /;\s*expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
  }
}

export interface Arrival {
  readonly url: URL;
  readonly response: Response;
  readonly html: string;
}

export function hiddenFields(html: string): Record<string, string> {
  return valuesOf([...html.matchAll(/<input\b[^>]*\btype="hidden"[^>]*>/g)].map(([tag]) => tag));
}

/** The boxes without which the form is not sent. */
export function requiredTicks(html: string): Record<string, string> {
  return valuesOf([...html.matchAll(/<input\b[^>]*\btype="checkbox"[^>]*\brequired>/g)].map(([tag]) => tag));
}

function valuesOf(inputs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    inputs.map((tag) => [/\bname="([^"]*)"/.exec(tag)?.[1] ?? "", /\bvalue="([^"]*)"/.exec(tag)?.[1] ?? ""]),
  );
}
