import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { saw } from '../../prove/record';
import { suite } from './suite';

saw('program chromium');

/** Chromium as Debian installs it, or what `CHROMIUM` names. */
const program = process.env.CHROMIUM ?? '/usr/bin/chromium';

const missing = existsSync(program) ? undefined : `there is no Chromium at ${program}; install it, or name it in CHROMIUM`;
if (missing && process.env.CI === 'true') throw new Error(`test:cluster: ${missing}`);
if (missing) console.log(`suites with a browser are skipped: ${missing}`);

/** The same as `suite`, where there is a browser. */
export const browserSuite = missing ? describe.skip : suite;

/** What a person sees at the end of a visit, all redirects followed. */
export interface View {
  readonly status: number;
  readonly url: string;
  readonly title: string;
  /** Headers of the answer, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Headless Chromium, for which names below a domain lead to the gateway, as DNS would lead them. */
export class Browsers {
  private constructor(private readonly browser: Browser) {}

  /** @param domain for example `example.org` @param gateway `address:port` of its HTTPS */
  static async start(domain: string, gateway: string): Promise<Browsers> {
    const browser = await chromium.launch({
      executablePath: program,
      args: [
        // Its sandbox wants rights that root in a container lacks; it sees pages of the platform only.
        '--no-sandbox',
        `--host-resolver-rules=MAP ${domain} ${gateway}, MAP *.${domain} ${gateway}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
      ],
    });
    return new Browsers(browser);
  }

  /** A browser of somebody's own, in which nobody has signed in yet. */
  async person(): Promise<Person> {
    const context = await this.browser.newContext({
      // The platform signs its certificates itself.
      ignoreHTTPSErrors: true,
      viewport: { width: 1280, height: 800 },
    });
    return new Person(context, await context.newPage());
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }
}

/** Somebody at a browser: cookies stay from visit to visit. */
export class Person {
  constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {}

  async visit(url: string): Promise<View> {
    return this.arrivesBy(async () => {
      await this.page.goto(url, { waitUntil: 'load' });
    });
  }

  /** Fills in the form of Keycloak that is open. */
  async signIn(username: string, password: string): Promise<View> {
    await this.page.locator('#username').fill(username);
    await this.page.locator('#password').fill(password);
    return this.arrivesBy(() => this.page.locator('#kc-login').click());
  }

  /** Fills in the form by which Keycloak asks for a new password. */
  async choosePassword(password: string): Promise<View> {
    await this.page.locator('#password-new').fill(password);
    await this.page.locator('#password-confirm').fill(password);
    return this.arrivesBy(() => this.page.locator('[type=submit]:not([name=cancel-aia])').click());
  }

  /** Whether Keycloak asks who it is. */
  async isAskedWho(): Promise<boolean> {
    return this.page.locator('#kc-login').isVisible();
  }

  /** What is to be read. */
  async text(): Promise<string> {
    return this.page.locator('body').innerText();
  }

  /** What its browser sends to a URL as `Cookie`. */
  async cookies(url: string): Promise<string> {
    const cookies = await this.context.cookies(url);
    return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  /** Loses one cookie, as a browser does at its end. */
  async forget(cookie: string): Promise<void> {
    await this.context.clearCookies({ name: cookie });
  }

  /** Writes what is to be seen, once nothing more is loaded. @param file ends in `.png` */
  async picture(file: string): Promise<void> {
    // Some pages never cease to ask.
    await this.page.waitForLoadState('networkidle', { timeout: 10_000 }).catch(() => undefined);
    await this.page.screenshot({ path: file });
  }

  async leave(): Promise<void> {
    await this.context.close();
  }

  /** The last document that an action leads to. */
  private async arrivesBy(act: () => Promise<void>): Promise<View> {
    const arrived = this.page.waitForResponse(
      (response) => {
        const request = response.request();
        const redirected = response.status() >= 300 && response.status() < 400;
        return request.isNavigationRequest() && request.frame() === this.page.mainFrame() && !redirected;
      },
      { timeout: 30_000 },
    );
    // Where the action fails, nobody waits for what it would have led to.
    arrived.catch(() => undefined);
    await act();
    const response = await arrived;
    await this.page.waitForLoadState('load');
    return {
      status: response.status(),
      url: this.page.url(),
      title: await this.page.title(),
      headers: await response.allHeaders(),
    };
  }
}
