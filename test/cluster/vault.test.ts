import { storeSuite } from './support/secret-store';

storeSuite('vault');
