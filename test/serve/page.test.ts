/** The page at `/` in a real browser: Chromium, where the machine has it. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { define, load } from '../../lib/load.ts';
import { ask, later, newFolder, served } from './support.ts';

const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium'].find((path) => path && existsSync(path));

/** The chance to leave grows with age. */
const churn = () =>
  define({
    layers: [{ weight: [[0.1, -1]], activation: 'sigmoid' }],
    featureNames: ['age', '<b>income</b>'],
    classes: ['stays', 'leaves'],
  });

describe.skipIf(executablePath === undefined)('the page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, 120_000);
  afterAll(() => browser?.close());

  async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    later(() => page.close());
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(url);
    return { page, complaints };
  }

  it('makes a form of the schema, and shows what the model says', async () => {
    const { server } = await served({ churn: churn(), line: define({ layers: [{ weight: [[1, 2, 3]] }] }) });
    const { page, complaints } = await open(server.url);
    await page.getByLabel('age').fill('30');
    await page.getByLabel('<b>income</b>').fill('5');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.locator('#result .answer').waitFor();
    expect(await page.locator('#result .answer').textContent()).toBe('stays');
    expect(await page.locator('#result .bar').count()).toBe(2);
    expect(await page.locator('#curl').textContent()).toContain(`-d '{"age":30,"<b>income</b>":5}'`);

    // A model that knows no names takes a row.
    await page.getByLabel('Model').selectOption('line');
    await page.locator('textarea[name=row]').fill('[1, 1, 1]');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.locator('#result .answer').waitFor();
    expect(await page.locator('#result .answer').textContent()).toBe('6');

    // What is refused says why.
    await page.locator('textarea[name=row]').fill('[1]');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.locator('#result .error').waitFor();
    expect(await page.locator('#result .error').textContent()).toContain('rows[0]');
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([]);
  }, 120_000);

  it('takes texts, alone and beside numbers', async () => {
    const texts = (file: string) => load(new URL(`../fixtures/sklearn-texts/${file}`, import.meta.url));
    const [mails, columns] = [await texts('logistic-binary.joblib'), await texts('columns-logistic.pkl')];
    const expected = [
      mails.predict("free money now, that's déjà vu"),
      columns.predict([{ subject: 'free cash', size: 7, sender: 'web', body: 'see you' }])[0],
    ];
    const { server } = await served({ mails, columns });
    const { page, complaints } = await open(server.url);
    const said = async () => {
      await page.getByRole('button', { name: 'Predict' }).click();
      await page.locator('#result .answer').waitFor();
      return page.locator('#result .answer').textContent();
    };
    await page.getByLabel('Model').selectOption('mails');
    await page.locator('[name=text]').fill("free money now, that's déjà vu");
    expect(await said()).toBe(String(expected[0]));
    await page.getByLabel('Model').selectOption('columns');
    await page.locator('[name=subject]').fill('free cash');
    await page.locator('[name=size]').fill('7');
    await page.locator('[name=sender]').fill('web');
    await page.locator('[name=body]').fill('see you');
    expect(await said()).toBe(String(expected[1]));
    expect(complaints).toEqual([]);
  }, 120_000);

  it('shows what is asked of the server meanwhile', async () => {
    const { server } = await served({ churn: churn() });
    const { page } = await open(server.url);
    await page.locator('#requests', { hasText: /^0$/ }).waitFor();
    for (let i = 0; i < 3; i++) await ask(server, '/models/churn/predict', { body: '[[30, 5]]' });
    await page.locator('#requests', { hasText: /^3$/ }).waitFor();
    expect(await page.locator('#median').textContent()).toMatch(/µs|ms/);
  }, 120_000);
});

describe('the answer at /', () => {
  it('is one text that may load nothing, and says nothing of the models', async () => {
    const tokenFile = join(await newFolder(), 'tokens');
    await writeFile(tokenFile, 'a-secret-of-many-letters-and-digits-0123456789\n');
    const { server } = await served({ churn: churn() }, { tokenFile });
    const { status, headers, text } = await ask(server, '/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'sha256-");
    expect(text).not.toContain('churn');
    expect((await ask(server, '/models')).status).toBe(401);
  });
});
